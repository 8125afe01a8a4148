"""Other names of options: what PyTorch, Keras and papers call them is taken for what it is called here.

A name is looked up only where no option has it, so that a person's own option is never taken for another; and what is
stored is the name here. Case, blanks, hyphens and underscores tell no names apart: LeakyReLU is leaky_relu.
"""

import re
from collections.abc import Iterable

OFF = "no off null false without disabled"
ALIASES = {
    "model": {
        "mlp": "perceptron multilayer_perceptron feed_forward fnn ffn fc dense fully_connected",
        "cnn": "conv convnet convolutional",
        "resnet": "residual_network",
        "rnn": "elman vanilla_rnn simple_rnn",
        "lstm": "long_short_term_memory",
        "gru": "gated_recurrent_unit",
        "transformer": "transformers",
    },
    "activation": {
        "identity": f"linear none {OFF}",
        "sigmoid": "logistic",
        "hard_tanh": "htanh",
        "leaky_relu": "lrelu leaky",
        "prelu": "parametric_relu",
        "silu": "swish",
    },
    "init": {
        "default": f"pytorch torch none {OFF}",
        "normal": "gaussian random_normal",
        "uniform": "random_uniform",
        "lecun": "lecun_normal",
        "xavier_uniform": "xavier glorot glorot_uniform",  # uniform in Glorot & Bengio 2010
        "xavier_normal": "glorot_normal",
        "kaiming_normal": "kaiming he he_normal msra",  # normal in He et al. 2015
        "kaiming_uniform": "he_uniform",
        "orthogonal": "ortho",
        "identity": "eye irnn",
    },
    "normalization": {
        "none": OFF,
        "batch": "bn batch_norm batch_norm_1d batch_norm_2d batch_normalization",
        "layer": "ln layer_norm layer_normalization",
        "group": "gn group_norm group_normalization",
        "instance": "instance_norm instance_norm_1d instance_norm_2d instance_normalization",
        "rms": "rms_norm rms_normalization",
        "weight": "wn weight_norm weight_normalization",
        "spectral": "sn spectral_norm spectral_normalization",
    },
    "residual": {"none": f"{OFF} plain", "additive": "skip add shortcut residual", "gated": "highway"},
    "clipping": {
        "none": OFF,
        "norm": "clip_grad_norm grad_norm gradient_norm global_norm max_norm",
        "value": "clip_grad_value clip_value max_value",
        "adaptive": "agc",
    },
    "lr": {
        "constant": "constant_lr fixed none",
        "cosine": "cosine_annealing cosine_annealing_lr cosine_decay",
        "step": "step_lr",
        "one_cycle": "one_cycle_lr",
        "warmup": "linear_warmup",
    },
    "optimizer": {"sgd": "gd gradient_descent"},
    "regularization": {
        "none": OFF,
        "weight_decay": "wd l2 ridge",
        "l1": "lasso",
        "variational_dropout": "recurrent_dropout",
    },
    "pretraining": {"none": OFF, "autoencoder": "ae", "denoising": "dae denoising_autoencoder", "rbm": "dbn"},
    "task": {"adding": "add adding_problem", "copy_memory": "copy copying", "table": "csv parquet"},
    "search": {"random": "random_search", "grid": "grid_search", "gp": "gaussian_process", "nsga2": "nsgaii"},
    "execution": {"inline": "serial", "processes": "process parallel multiprocessing"},
    "device": {"cuda": "gpu"},
}
"""By group and option, its other names."""


def name_core(name: str) -> str:
    """The name without what tells no names apart: `LeakyReLU`, `nn.LeakyReLU()` and `leaky_relu` are one."""
    return re.sub(r"^(torch\.)?(nn|optim)\.|\(\)$|[\s_-]", "", name.strip().lower())


def option_meant(group: str, name: object, options: Iterable[str]) -> str | None:
    """The option of its group that another name means; None where there is none, or where it is an option's own.

    Args:
        group: The config group, such as `activation`.
        name: What was written; also null, true and false, which YAML makes of words.
        options: Those that there are, a person's own among them.
    """
    options = list(options)
    if name in options:
        return None
    said = name_core(_word(name))
    known = {name_core(option): option for option in options}
    for option, names in ALIASES.get(group, {}).items():
        if option in options:
            known |= {name_core(other): option for other in names.split() if name_core(other) not in known}
    return known.get(said)


def _word(name: object) -> str:
    return "null" if name is None else str(name)
