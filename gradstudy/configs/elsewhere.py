"""Where is what PyTorch, Keras, Lightning and Optuna call otherwise: their words, and what is typed here.

A table, read by the messages for keys and options that do not exist, and by the reference in the documentation.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradstudy.configs.aliases import option_meant
from gradstudy.configs.sources import shipped_options

VALUE, COUNT = "VALUE", "COUNT"
"""What was given to a key of elsewhere, and how many items if it was a list, where it stands in what is to be typed.
ITEM1 and ITEM2 are the first two of them."""


@dataclass(frozen=True)
class Way:
    """What is typed here (`overrides`, a space between) for these `names`, which are keys, or options as `task=iris`.

    `why` is a clause for what a person may not expect. `lr=#` is a group that was given a number, `layers=[]` a key
    that was given a list.
    """

    names: str
    overrides: str
    why: str = ""

    def typed(self, value: str) -> list[str]:
        """The overrides to be typed, with what was given to the key of elsewhere."""
        items = [item.strip() for item in value.strip("[]").split(",")]
        given = {VALUE: value, COUNT: str(len(items)), **{f"ITEM{place}": item for place, item in enumerate(items, 1)}}
        return [
            re.sub("VALUE|COUNT|ITEM[12]", lambda name: given.get(name[0], "..."), word)
            for word in self.overrides.split()
        ]


ADAMW = "as a step of its own, beside the gradient, it is optimizer=adamw optimizer.weight_decay=VALUE"
OPENML = "datasets are read from openml.org by their name"
WAYS = (
    # learning
    Way("learning_rate lr_value base_lr max_lr initial_lr eta optimizer.lr optimizer.learning_rate lr=#", "lr.value=VALUE"),
    Way("scheduler lr_scheduler schedule lr_schedule lr.scheduler lr.schedule optimizer.scheduler", "lr=VALUE"),
    Way("warmup warmup_steps warmup_ratio num_warmup_steps lr.warmup_steps", "lr=warmup lr.warmup=0.1", "a share of the steps"),
    Way("epochs num_epochs n_epochs max_epochs nb_epoch iterations num_iterations", "budget.steps=VALUE", "a study counts steps, of one batch each"),
    Way("steps num_steps n_steps max_steps num_train_steps training_steps train_steps", "budget.steps=VALUE"),
    Way("optim opt optimiser", "optimizer=VALUE"),
    Way("optimizer=momentum", "optimizer=sgd optimizer.momentum=0.9"),
    Way("optimizer=nesterov optimizer=nag", "optimizer=sgd optimizer.momentum=0.9 optimizer.nesterov=true"),
    Way("momentum", "optimizer=sgd optimizer.momentum=VALUE"),
    Way("beta1 adam_beta1 beta_1 optimizer.beta_1 optimizer.b1", "optimizer=adam optimizer.beta1=VALUE"),
    Way("beta2 adam_beta2 beta_2 optimizer.beta_2 optimizer.b2", "optimizer=adam optimizer.beta2=VALUE"),
    Way("betas optimizer.betas", "optimizer=adam optimizer.beta1=0.9 optimizer.beta2=0.99", "they are two numbers, which can vary"),
    Way("betas=[] optimizer.betas=[]", "optimizer=adam optimizer.beta1=ITEM1 optimizer.beta2=ITEM2", "they are two numbers, which can vary"),
    Way("rho optimizer.rho optimizer.decay", "optimizer=rmsprop optimizer.alpha=VALUE"),
    Way("epsilon adam_epsilon optimizer.epsilon", "optimizer=adam optimizer.eps=VALUE"),
    Way("loss criterion loss_fn loss_function task.loss", "model=mlp task=digits", "the task decides its loss, cross-entropy for classes as here and mean squared error for numbers as in task=line"),
    # the network
    Way("arch architecture network net backbone model_name model_type cell cell_type", "model=VALUE"),
    Way("layers num_layers n_layers n_layer num_hidden_layers hidden_layers num_blocks blocks n_blocks", "model.depth=VALUE"),
    Way("layers=[] num_layers=[] hidden_layers=[] hidden=[] units=[] hidden_units=[] hidden_size=[]", "model=mlp model.depth=COUNT model.width=VALUE"),
    Way("hidden_size hidden_dim hidden hidden_units num_units n_units units n_hidden d_model embed_dim neurons channels filters", "model.width=VALUE"),
    Way("num_heads n_heads n_head nhead model.nhead", "model=transformer model.heads=VALUE"),
    Way("kernel_size model.kernel_size", "model=cnn model.kernel=VALUE"),
    Way("nonlinearity activation_fn activation_function act act_fn act_layer hidden_act", "activation=VALUE"),
    Way("slope leaky_slope activation.slope", "activation=leaky_relu activation.negative_slope=VALUE"),
    Way("norm norm_layer norm_type normalisation normalization_layer", "normalization=VALUE"),
    Way("batch_norm batch_normalization bn use_bn use_batch_norm", "normalization=batch"),
    Way("layer_norm layer_normalization ln use_layer_norm", "normalization=layer"),
    Way("initializer initialization initialisation initializers kernel_initializer weight_init init_method weight_initialization", "init=VALUE"),
    Way("init=zeros init=zero", "init=constant init.value=0"),
    Way("init=ones", "init=constant init.value=1"),
    Way("init=#", "init=normal init.std=VALUE"),
    Way("init_gain", "init.gain=VALUE"),
    Way("bias use_bias", "init=normal init.bias_std=0", "biases are always there, and start at init.bias_mean"),
    Way("init_std initializer_range", "init=normal init.std=VALUE"),
    Way("skip skip_connections shortcut use_residual residual_connections skips residual=true", "residual=additive"),
    # keeping it in bounds
    Way("dropout dropout_rate dropout_p p_dropout drop_rate drop model.dropout", "regularization=dropout regularization.dropout=VALUE"),
    Way("weight_decay wd l2 l2_reg", "regularization=weight_decay regularization.weight_decay=VALUE", ADAMW),
    Way("regularization=#", "regularization=weight_decay regularization.weight_decay=VALUE"),
    Way("l1_reg", "regularization=l1 regularization.l1=VALUE"),
    Way("clip clipping=# grad_clip clip_grad gradient_clip gradient_clipping clip_norm max_grad_norm clip_grad_norm gradient_clip_val "
        "clipping.threshold clipping.clip_norm clipping.norm", "clipping=norm clipping.max_norm=VALUE"),
    Way("clip_value clip_grad_value clipping.value clipping.clip_value", "clipping=value clipping.max_value=VALUE"),
    # data
    Way("dataset data data_set dataset_name problem", "task=VALUE"),
    Way("task=mnist", "model=mlp task=openml task.name=mnist_784", OPENML),
    Way("task=fashion_mnist task=fmnist", "model=mlp task=openml task.name=Fashion-MNIST", OPENML),
    Way("task=cifar10 task=cifar", "model=mlp task=openml task.name=CIFAR_10", OPENML),
    Way("task=iris", "model=mlp task=openml task.name=iris", OPENML),
    Way("task=wine task=diabetes task=titanic task=adult", "model=mlp task=openml task.name=NAME", OPENML),
    Way("batch batch_sz bs train_batch_size mini_batch minibatch batch_size", "task.batch_size=VALUE"),
    Way("seq_len seq_length sequence_length max_len max_length timesteps time_steps", "task.length=VALUE"),
    Way("csv file data_path data_file filename path", "model=mlp task=table task.path=VALUE task.target=COLUMN"),
    Way("target label labels target_column label_column y", "model=mlp task=table task.path=FILE task.target=VALUE"),
    # the study
    Way("n_trials num_trials trials num_samples", "budget.trials=VALUE"),
    Way("n_seeds num_seeds seeds repeats replicates n_repeats", "budget.seeds=VALUE"),
    Way("random_state random_seed manual_seed rng_seed", "seed=VALUE"),
    Way("study_name experiment experiment_name run_name project", "name=VALUE"),
    Way("sampler tuner search_alg algorithm", "search=VALUE"),
    Way("metric metrics objective monitor", "analysis.responses=[vanishing,exploding]", "these are what a ranking is of"),
    Way("factors grid params hyperparameters sweep sweeper space=#", "space.activation='choice(tanh,relu)'", "each factor of space has levels or a range"),
    Way("dry_run dryrun preview mode=dry_run mode=dryrun mode=preview mode=show", "mode=plan"),
    Way("mode=train mode=fit mode=single", "mode=trial"),
    Way("mode=study mode=sweep mode=resume mode=continue", "mode=run"),
    # the machine
    Way("gpu use_cuda cuda use_gpu", "device=cuda"),
    Way("device=#", "device.name=cuda:VALUE"),
    Way("device=cuda:0", "device.name=cuda:0"),
    Way("device=cuda:1", "device.name=cuda:1"),
    Way("dtype precision", "device.dtype=VALUE"),
    Way("num_workers n_jobs workers jobs n_workers max_workers", "execution.workers=VALUE"),
    Way("tracking_uri mlflow_uri mlflow.uri", "tracking.uri=VALUE"),
    Way("storage database", "search.storage=VALUE"),
    Way("output out report_path html", "report=VALUE"),
)  # fmt: skip


RENAMED = {
    "optimizer.betas": ("optimizer.beta1", "optimizer.beta2"),  # what the two were until they could vary
    "activation.slope": ("activation.negative_slope",),
}
"""Keys that are taken for others, where no chosen option has them: so stored overrides of older studies are read."""


def key_core(name: str) -> str:
    """The key without what tells no keys apart: `batchSize`, `batch-size` and `batch_size` are one."""
    return re.sub(r"[\s_-]", "", name.lower())


_BY_NAME = {key_core(name): way for way in WAYS for name in way.names.split()}


def right_way(name: str, value: str = VALUE, *, written: Callable[[Sequence[str]], str] = " ".join) -> str:
    """A sentence that says what to write for a key of elsewhere, or an option (`task=iris`); empty where none is known.

    A key inside a group that does not exist, as `training.epochs`, is found by its last part.

    Args:
        name: As it came.
        value: What it was given.
        written: How overrides are written where it stood; as they are on the command line by default.
    """
    said = key_core(name)
    listed = value.startswith("[") and _BY_NAME.get(f"{said}=[]")
    way = listed or _BY_NAME.get(said) or ("=" not in said and _BY_NAME.get(said.rpartition(".")[2]))
    if not way:
        return ""
    why = f": {way.why.replace(VALUE, value)}" if way.why else ""
    return f" Write {written([_with_option_names(override) for override in way.typed(value)])}{why}."


def _with_option_names(override: str) -> str:
    """The override, an option being called as it is here: `activation=relu` for `activation=ReLU`."""
    group, _, name = override.partition("=")
    of_elsewhere = _BY_NAME.get(key_core(override))
    if of_elsewhere:
        return of_elsewhere.overrides
    return f"{group}={option_meant(group, name, shipped_options(group)) or name}"
