"""The engine's instruments switched off, to measure what they cost or to time steps without them."""

from gradstudy.training.instrument.probe import Prober
from gradstudy.training.instrument.recorder import Recorder


class Silent(Recorder):
    """Nothing is reduced or written; gradients at the flow points are still asked for."""

    def write_flow(self, step, flow, gradients):
        pass

    def write_gradients(self, step, loss, each, before):
        pass

    def write_clipping(self, step, before, after, factor):
        pass


class Blind(Prober):
    """No probes."""

    def is_due(self, step):
        return False
