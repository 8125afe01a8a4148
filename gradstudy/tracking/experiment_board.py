"""Where the drivers of one study see each other in MLflow: tags of its experiment, one per claim.

An experiment's name is its own in every store, so that two drivers that begin a study at once meet at the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstudy.locking.claims import Claim

if TYPE_CHECKING:
    from mlflow import MlflowClient

DRIVER = "driver"
"""How the tags begin."""
HELD_IN_MLFLOW = "tracking"
"""What a launch calls its claim there."""


@dataclass(frozen=True)
class ExperimentBoard:
    """The claims to the study of this fingerprint, as `Board` has them."""

    client: MlflowClient
    experiment: str
    fingerprint: str
    where: str

    def put(self, claim: Claim) -> None:
        self.client.set_experiment_tag(self.experiment, self._tag(claim.key), claim.to_json())

    def remove(self, key: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.client.delete_experiment_tag(self.experiment, self._tag(key))
        except (MlflowException, AttributeError):  # another one did; or a client or server before 3.2, where tags stay
            if key in {claim.key for claim in self.claims()}:
                self.client.set_experiment_tag(self.experiment, self._tag(key), "")

    def claims(self) -> Sequence[Claim]:
        tags = self.client.get_experiment(self.experiment).tags
        found = (Claim.from_json(text) for tag, text in tags.items() if tag.startswith(self._tag("")))
        return [claim for claim in found if claim]

    def _tag(self, key: str) -> str:
        return f"{DRIVER}/{self.fingerprint}/{key}"
