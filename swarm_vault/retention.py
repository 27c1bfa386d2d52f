# SPDX-License-Identifier: Apache-2.0
"""Archive and remove by a policy file what is old, and say so in the log before it goes.

What is removed is a stated loss for `verify`; decisions of a removed bag are not re-executed.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from swarm_vault.archive import Archived, archive_logs
from swarm_vault.bag import FRAMES_EVENT
from swarm_vault.errors import VaultError
from swarm_vault.events import Query, read_events, time_of
from swarm_vault.files import remove
from swarm_vault.frames import REMOVED_EVENT, BagLog, bag_fault
from swarm_vault.keys import load_trust
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, JsonValue, Kind
from swarm_vault.listing import log_folders
from swarm_vault.log_check import LogCheck, LogWalk
from swarm_vault.moment import bag_logs
from swarm_vault.pruning import Pruned, prune_log, refuse_faulty
from swarm_vault.raw_bag import SEALED_EVENT

_DAY_NS = 86_400 * 10**9


class Policy(BaseModel):
    """What is kept how long; what is left out is kept for ever."""

    model_config = ConfigDict(extra='forbid', frozen=True, strict=True)

    bags_days: int | None = Field(default=None, ge=1)
    """Finished bags are kept this long after their last decision [days]."""
    archive_days: int | None = Field(default=None, ge=1)
    """Files of logs stay text this long, then they become Parquet [days]."""
    logs_days: int | None = Field(default=None, ge=1)
    """Files of signed logs are kept this long, then only the head of their chain [days]."""

    @model_validator(mode='after')
    def _says_something(self) -> 'Policy':
        if self.bags_days is None and self.archive_days is None and self.logs_days is None:
            raise ValueError('says nothing; give bags_days, archive_days or logs_days')
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """One bag that is gone, and the event that says so."""

    bag: str
    bytes_: int
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a policy changed."""

    bags: tuple[Removed, ...] = ()
    archived: tuple[Archived, ...] = ()
    pruned: tuple[Pruned, ...] = ()


def read_policy(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        VaultError: It is none.
    """
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding='utf-8')))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = '.'.join(str(part) for part in fault['loc']) or 'policy'
        raise VaultError(f'{path}: {field}: {fault["msg"]}') from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = ' '.join(str(error).split())
        raise VaultError(f'{path}: cannot be read as a policy ({reason})') from error


def apply_policy(vault_dir: Path, policy: Policy, now_ns: int) -> Applied:
    """Archive and remove what the policy says; logs that a process writes are passed over.

    Raises:
        VaultError: Something does not fit its log: evidence of tampering is not removed.
    """
    removed, archived, pruned = [], [], []
    if policy.bags_days is not None:
        removed = _remove_bags(vault_dir, policy.bags_days, now_ns)
    if policy.archive_days is not None:
        archived = archive_logs(vault_dir, days=policy.archive_days, now_ns=now_ns)
    if policy.logs_days is not None:
        pruned = _prune_logs(vault_dir, policy.logs_days, now_ns)
    return Applied(bags=tuple(removed), archived=tuple(archived), pruned=tuple(pruned))


def _remove_bags(vault_dir: Path, days: int, now_ns: int) -> list[Removed]:
    found: list[Removed] = []
    for check in bag_logs(vault_dir):
        if check.open or check.fault:
            continue
        old = [log for log in check.bags.values() if _is_old(vault_dir, check, log, days, now_ns)]
        if old:
            found += _remove(vault_dir, check, old, days)
    return found


def _prune_logs(vault_dir: Path, days: int, now_ns: int) -> list[Pruned]:
    trust = load_trust(vault_dir)
    found = []
    for folder in log_folders(vault_dir):
        check = LogWalk(folder, trust).check()
        if not check.mirror and not check.open:
            refuse_faulty(check)
            found.append(prune_log(vault_dir, check, days=days, now_ns=now_ns))
    return [pruned for pruned in found if pruned is not None]


def _is_old(vault_dir: Path, check: LogCheck, log: BagLog, days: int, now_ns: int) -> bool:
    if not log.finished or not (vault_dir / log.name).exists():
        return False
    fault = bag_fault(vault_dir / log.name, log)
    if fault:
        raise VaultError(f'{fault}; it is not removed, verify the vault')
    type_ = SEALED_EVENT if log.raw else FRAMES_EVENT
    query = Query(agent_id=check.agent_id, writer=check.writer, type_=type_)
    sealed = max(log.seals, key=lambda seal: seal.seq).seq
    at_ns = max(time_of(e) for e in read_events(vault_dir, query) if e['seq'] <= sealed)
    return now_ns - at_ns > days * _DAY_NS


def _remove(vault_dir: Path, check: LogCheck, old: list[BagLog], days: int) -> list[Removed]:
    found = []
    ledger = Ledger(vault_dir=vault_dir, agent_id=check.agent_id, writer=check.writer)
    try:
        for log in old:
            path = vault_dir / log.name
            data: dict[str, JsonValue] = {
                'bag': log.name,
                'frames': log.sealed,
                'policy_days': days,
            }
            event = Event(kind=Kind.SYSTEM, type_=REMOVED_EVENT, data=data)
            seq = ledger.append(event, durable=True)
            size = path.stat().st_size
            remove(path)
            found.append(Removed(bag=log.name, bytes_=size, event=f'{check.name}/{seq}'))
    finally:
        ledger.close()
    return found
