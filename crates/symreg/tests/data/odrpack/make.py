"""The fit of tests/errors_in_variables.rs by scipy.odr (ODRPACK): prints constants, their covariance and the sum of squares.

Run: python make.py (numpy, scipy 1.17)."""

import numpy as np
from scipy import odr

i = np.arange(24.0)
p = 0.4 + 0.35 * (i % 12) + 0.05 * np.sin(3.0 * i)
q = 1.0 + 0.5 * np.floor(i / 12) + 0.04 * np.cos(5.0 * i)
y = 5.0 - 4.5 * np.exp(-0.8 * p / q) + 0.06 * np.sin(7.0 * i + 1.0)
sigma_p = np.full(24, 0.08)
sigma_q = 0.03 + 0.001 * i
sigma_y = 0.04 + 0.002 * i


def law(beta, x):
    return beta[0] + beta[1] * np.exp(beta[2] * x[0] / x[1])


data = odr.RealData(np.array([p, q]), y, sx=np.array([sigma_p, sigma_q]), sy=sigma_y)
fit = odr.ODR(data, odr.Model(law), beta0=[5.0, -4.5, -0.8], maxit=5000, sstol=1e-16, partol=1e-16)
fit.set_job(deriv=1)
out = fit.run()
np.set_printoptions(precision=12)
print(repr(out.beta), repr(out.sum_square), out.stopreason)
print(repr(np.sqrt(np.diag(out.cov_beta))))
from scipy.optimize import curve_fit

print(repr(curve_fit(lambda x, a, b, c: law([a, b, c], x), np.array([p, q]), y, p0=[5, -4.5, -0.8], sigma=sigma_y)[0]))
