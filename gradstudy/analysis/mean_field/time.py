"""Mean-field theory of a vanilla recurrent network: depth is time, and every step has the same weights.

That they are the same is not felt at infinite width (Chen, Pennington & Schoenholz 2018).
"""

import numpy as np

from gradstudy.analysis.mean_field.gaussian import slope_power, value_power
from gradstudy.analysis.mean_field.limits import passed, product
from gradstudy.analysis.mean_field.prediction import Prediction
from gradstudy.wiring import Recurrent


@np.errstate(all="ignore")
def predict_over_time(wiring: Recurrent) -> Prediction:
    """How large are hidden states and their gradients at each time step?"""
    before = _pre_activations(wiring)
    factors = product(wiring.recurrent.backward, slope_power(wiring.curve, before[1:]))
    return Prediction(_signal(factors, wiring.each_step), np.sqrt(value_power(wiring.curve, before)))


def _pre_activations(wiring: Recurrent) -> np.ndarray:
    bias, hidden, powers = wiring.entering.bias + wiring.recurrent.bias, 0.0, []
    for entering in wiring.power:
        powers.append(passed(wiring.entering.forward, entering) + passed(wiring.recurrent.forward, hidden) + bias)
        hidden = value_power(wiring.curve, powers[-1])
    return np.array(powers)


def _signal(factors: np.ndarray, each_step: bool) -> np.ndarray:
    """Decades of amplitude [time] of D_t^2 = factor_t D_{t+1}^2, plus what the loss sends to every step."""
    powers = [0.0]  # natural logarithms, from the last step backwards: thousands of steps stay in range
    own = 0.0 if each_step else -np.inf
    for factor in factors[::-1]:
        powers.append(np.logaddexp(np.log(factor) + powers[-1], own))
    return np.array(powers[::-1]) / (2 * np.log(10))
