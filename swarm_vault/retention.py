# SPDX-License-Identifier: Apache-2.0
"""Remove old bags by a policy file, and say so in the log before they go.

The log itself stays: it is small, and it is what everything else is proved by. A removed bag is a
stated loss for `verify`, and its decisions are no longer re-executed.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from swarm_vault.errors import VaultError
from swarm_vault.events import Query, read_events, time_of
from swarm_vault.files import sync_folder
from swarm_vault.frames import REMOVED_EVENT, BagLog, bag_fault
from swarm_vault.ledger import Ledger
from swarm_vault.lines import Event, JsonValue, Kind
from swarm_vault.log_check import LogCheck
from swarm_vault.moment import bag_logs

_DAY_NS = 86_400 * 10**9


class Policy(BaseModel):
    """What is kept how long."""

    model_config = ConfigDict(extra='forbid', frozen=True, strict=True)

    bags_days: int = Field(ge=1)
    """Finished bags are kept this long after their last decision [days]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """One bag that is gone, and the event that says so."""

    bag: str
    bytes_: int
    event: str


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
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = ' '.join(str(error).split())
        raise VaultError(f'{path}: cannot be read as a policy ({reason})') from error


def apply_policy(vault_dir: Path, policy: Policy, now_ns: int) -> list[Removed]:
    """Remove what the policy does not keep; logs that a process writes are passed over.

    Raises:
        VaultError: A bag does not fit its log: evidence of tampering is not removed.
    """
    found: list[Removed] = []
    for check in bag_logs(vault_dir):
        if check.open or check.fault:
            continue
        old = [
            log for log in check.bags.values() if _is_old(vault_dir, check, log, policy, now_ns)
        ]
        if old:
            found += _remove(vault_dir, check, old, policy)
    return found


def _is_old(vault_dir: Path, check: LogCheck, log: BagLog, policy: Policy, now_ns: int) -> bool:
    if not log.finished or not (vault_dir / log.name).exists():
        return False
    fault = bag_fault(vault_dir / log.name, log)
    if fault:
        raise VaultError(f'{fault}; it is not removed, verify the vault')
    query = Query(agent_id=check.agent_id, writer=check.writer, type_='core.frames')
    sealed = max(log.seals, key=lambda seal: seal.seq).seq
    at_ns = max(time_of(e) for e in read_events(vault_dir, query) if e['seq'] <= sealed)
    return now_ns - at_ns > policy.bags_days * _DAY_NS


def _remove(vault_dir: Path, check: LogCheck, old: list[BagLog], policy: Policy) -> list[Removed]:
    found = []
    ledger = Ledger(vault_dir=vault_dir, agent_id=check.agent_id, writer=check.writer)
    try:
        for log in old:
            path = vault_dir / log.name
            data: dict[str, JsonValue] = {
                'bag': log.name,
                'frames': log.sealed,
                'policy_days': policy.bags_days,
            }
            event = Event(kind=Kind.SYSTEM, type_=REMOVED_EVENT, data=data)
            seq = ledger.append(event, durable=True)
            size = path.stat().st_size
            path.unlink()
            sync_folder(path.parent)
            found.append(Removed(bag=log.name, bytes_=size, event=f'{check.name}/{seq}'))
    finally:
        ledger.close()
    return found
