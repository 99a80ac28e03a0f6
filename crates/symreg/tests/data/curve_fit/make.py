"""Golden numbers of the intervals of constants: prints them as the constants of src/uncertainty/tests.rs.

2 + 3 exp(-0.8 x) on 25 rows with a scatter that needs no random numbers.
"""
import numpy as np
from scipy.optimize import brentq, curve_fit, least_squares
from scipy.stats import t

i = np.arange(25)
x = 0.15 * i
y = 2 + 3 * np.exp(-0.8 * x) + 0.1 * ((i * 7 % 11) / 11.0 - 0.45)


def law(x, a, b, c):
    return a + b * np.exp(c * x)


def slopes(x, a, b, c):
    return np.array([np.ones_like(x), np.exp(c * x), b * x * np.exp(c * x)]).T


tight = {"xtol": 1e-15, "ftol": 1e-15, "gtol": 1e-15}
best, covariance = curve_fit(law, x, y, p0=[1.5, 2.5, -0.7], jac=slopes, **tight)
quantile = t.ppf(0.975, 22)
least = ((y - law(x, *best)) ** 2).sum()


def height(k, value):
    """Root of the rise of the profile, less the quantile."""
    others = [j for j in range(3) if j != k]

    def full(z):
        theta = np.zeros(3)
        theta[k], theta[others] = value, z
        return theta

    fit = least_squares(lambda z: y - law(x, *full(z)), best[others],
                        jac=lambda z: -slopes(x, *full(z))[:, others], **tight)
    return np.sqrt(max(2 * fit.cost - least, 0) / (least / 22)) - quantile


errors = np.sqrt(np.diag(covariance))
print("ESTIMATES", best.tolist())
print("COVARIANCE", covariance.tolist())
print("LINEAR", [[b - quantile * e, b + quantile * e] for b, e in zip(best.tolist(), errors.tolist())])
print("PROFILE", [[brentq(lambda v: height(k, v), b - 8 * e, b, xtol=1e-14),
                   brentq(lambda v: height(k, v), b, b + 8 * e, xtol=1e-14)]
                  for k, (b, e) in enumerate(zip(best, errors))])
