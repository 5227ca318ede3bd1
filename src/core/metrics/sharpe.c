/* What a Sharpe ratio proves: the normal distribution, the probabilistic and the deflated Sharpe
 * ratio, and the probability that the best of many strategies was overfitted. */
#include "core/metrics/metrics.h"

#include <math.h>

double qb_normal_cdf(double x)
{
    return 0.5 * erfc(-x * M_SQRT1_2);
}

/* ---- quantile ------------------------------------------------------------------------------ */

/* Numerator and denominator of degree 7, lowest power first; the denominator starts with 1. */
typedef struct rational {
    double a[8], b[8];
} rational;

/* AS 241, routine PPND16. */
static const rational middle = {
    {3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
     1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
     3.3430575583588128105e+4, 2.5090809287301226727e+3},
    {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
     2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
     5.2264952788528545610e+3}};
static const rational tail = {
    {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
     3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
     2.27238449892691845833e-2, 7.74545014278341407640e-4},
    {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
     1.05075007164441684324e-9}};
static const rational far_tail = {
    {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
     2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
     2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
     2.04426310338993978564e-15}};

static double evaluate(const rational *f, double x)
{
    double above = f->a[7], below = f->b[7];
    for (int i = 6; i >= 0; i--) {
        above = above * x + f->a[i];
        below = below * x + f->b[i];
    }
    return above / below;
}

double qb_normal_quantile(double p)
{
    if (!(p > 0.0 && p < 1.0))
        return NAN;
    const double q = p - 0.5;
    if (fabs(q) <= 0.425)
        return q * evaluate(&middle, 0.180625 - q * q);
    const double r = sqrt(-log(q < 0.0 ? p : 1.0 - p));
    const double x = r <= 5.0 ? evaluate(&tail, r - 1.6) : evaluate(&far_tail, r - 5.0);
    return q < 0.0 ? -x : x;
}

/* ---- Sharpe ratio -------------------------------------------------------------------------- */

/* Variance of the estimated ratio times (count - 1): 1 - skew SR + (kurtosis - 1)/4 SR^2. */
static double estimate_variance(double sr, double skew, double kurtosis)
{
    return 1.0 - skew * sr + (kurtosis - 1.0) / 4.0 * sr * sr;
}

double qb_psr(double sr, double threshold, double count, double skew, double kurtosis)
{
    const double variance = estimate_variance(sr, skew, kurtosis);
    if (!(variance > 0.0) || !(count > 1.0))
        return NAN;
    return qb_normal_cdf((sr - threshold) * sqrt(count - 1.0) / sqrt(variance));
}

double qb_expected_max_sr(double trial_variance, double trials)
{
    const double euler = 0.57721566490153286;
    if (!(trial_variance >= 0.0) || !(trials >= 1.0))
        return NAN;
    if (trials == 1.0)
        return 0.0; /* the mean: nothing was chosen */
    return sqrt(trial_variance) * ((1.0 - euler) * qb_normal_quantile(1.0 - 1.0 / trials) +
                                   euler * qb_normal_quantile(1.0 - 1.0 / (trials * M_E)));
}

double qb_minimum_track_record(double sr, double threshold, double confidence, double skew,
                               double kurtosis)
{
    const double variance = estimate_variance(sr, skew, kurtosis);
    if (!(sr > threshold) || !(variance > 0.0))
        return NAN;
    const double ratio = qb_normal_quantile(confidence) / (sr - threshold);
    return 1.0 + variance * ratio * ratio;
}
