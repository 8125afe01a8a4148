"""Every contact with MLflow: it ends in time, also where a server answers slowly, nonsense, or not at all.

In all of tracking, MLflow is imported where it is used, and at the top for annotations alone: that takes seconds, which
a launch has while it trains.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gradstudy.errors import InputError, TrackingAway, first_line
from gradstudy.patience import Call, Late, Returned

if TYPE_CHECKING:
    from mlflow import MlflowClient


def said_by_mlflow() -> tuple[type[Exception], ...]:
    """What MLflow raises by design. Whatever else comes out of it, it was not made for what the server answered."""
    from mlflow.exceptions import MlflowException
    from requests import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, RequestException, SQLAlchemyError, OSError


class Store:
    """The store at an address: asked for at most so many `seconds` at a time.

    One that let a whole time pass is not asked again for as long, nor while it keeps the last call: a thousand trials
    wait for it once.
    """

    def __init__(self, address: str, seconds: float):
        self.address, self._seconds = address, seconds

    def asked(self, contact: Callable[[], Returned]) -> Returned:
        """What comes of this contact; TrackingAway where nothing does in time, or nothing that makes sense."""
        self._check_asked_again()
        call, reason = Call(contact, helpers="Mlflow" if self.address.startswith("http") else ""), ""
        try:
            result = call.result(self._seconds)
        except Late:
            reason = f"no whole answer in {self._seconds:g} s. Raise tracking.timeout where it is only slow."
            _given_up[self.address] = (call, time.monotonic() + self._seconds, reason)
        except KeyboardInterrupt:
            if call.was_left:
                _given_up[self.address] = (call, time.monotonic() + self._seconds, "it was interrupted.")
            raise
        except Exception as error:
            if isinstance(error, (*said_by_mlflow(), InputError, TrackingAway)):
                raise
            reason = f"what it says makes no sense to MLflow ({type(error).__name__}: {first_line(error)})."
        else:
            if not _makes_sense(result):
                reason = "what it says makes no sense: something is missing in it."
        if reason:  # out here, so that no traceback cites what it was that failed
            raise TrackingAway(f"MLflow at {self.address} did not answer: {reason}")
        return result

    def _check_asked_again(self) -> None:
        call, until, reason = _given_up.get(self.address, (None, 0.0, ""))
        if call and (call.is_stuck or time.monotonic() < until):
            raise TrackingAway(f"MLflow at {self.address} did not answer: {reason}")


_given_up: dict[str, tuple[Call[Any], float, str]] = {}
"""By address: the last call, when the store may be asked again, and why it is not asked before."""


class Client:
    """An MlflowClient, each call of which is one contact."""

    def __init__(self, store: Store, client: MlflowClient):
        self._store, self._client = store, client

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._client, name)
        if not callable(own):
            return own
        return lambda *given, **named: self._store.asked(lambda: own(*given, **named))


def asked_of(client: MlflowClient, contact: Callable[[], Returned]) -> Returned:
    """What comes of something that is asked of this client's store behind its back, as one contact."""
    store = getattr(client, "_store", None)
    return store.asked(contact) if isinstance(store, Store) else contact()


def _makes_sense(result: object) -> bool:
    """Whether what was asked for can be told apart: an answer that MLflow could not read has no ids."""
    from mlflow.entities import Experiment, Run

    match result:
        case Run():
            return bool(result.info.run_id)
        case Experiment():
            return bool(result.experiment_id)
        case list():
            return all(map(_makes_sense, result))
        case str():  # the id of what was made
            return bool(result)
        case _:
            return True
