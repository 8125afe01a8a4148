"""Numba as it is behind its first call: importing this module takes the .6 s that any first call takes.

The fork server does, so that the workers, which are its copies, need not.
"""

import numpy as np

from gradstudy.kernels import rows

rows.is_finite(np.zeros(1, np.float32))
