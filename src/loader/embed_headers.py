"""embed_headers.py SRC HEADER EXAMPLE OUT.c DEPFILE: HEADER, all it includes and EXAMPLE, as C."""
import hashlib
import pathlib
import re
import sys


def collect(root, name, found):
    if name in found:
        return
    text = (root / name).read_bytes()
    found[name] = text
    for line in text.decode().splitlines():
        include = re.match(r'#include "([^"]+)"', line)
        if include:
            collect(root, include.group(1), found)


def literal(text):
    lines = []
    for at in range(0, len(text), 20):
        lines.append("    " + " ".join(f"{byte}," for byte in text[at : at + 20]))
    return "\n".join(lines)


def main():
    root, first, example, out, depfile = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    found = {}
    collect(root, first, found)
    total = hashlib.sha256()
    parts = ['#include "loader/loader-private.h"\n']
    for at, (name, text) in enumerate(sorted(found.items())):
        total.update(name.encode() + b"\0" + text + b"\0")
        parts.append(f"static const char text_{at}[] = {{\n{literal(text)}\n    0}};")
    parts.append("const loader_header loader_headers[] = {")
    for at, name in enumerate(sorted(found)):
        parts.append(f'    {{"{name}", text_{at}, sizeof text_{at} - 1}},')
    parts.append("    {NULL, NULL, 0},\n};")
    parts.append(f'const char loader_headers_sha256[] = "{total.hexdigest()}";')
    text = (root / example).read_bytes()
    parts.append(f"const char loader_example[] = {{\n{literal(text)}\n    0}};")
    pathlib.Path(out).write_text("\n".join(parts) + "\n")
    needed = " ".join(str(root / name).replace(" ", "\\ ") for name in [*sorted(found), example])
    pathlib.Path(depfile).write_text(f"{out}: {needed}\n")


main()
