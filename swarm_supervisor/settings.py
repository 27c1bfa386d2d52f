# SPDX-License-Identifier: Apache-2.0
"""What can be tuned of a supervisor, with units and ranges: config/params/supervisor.yaml."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from swarm_config.validation import read_model


class Settings(BaseModel):
    """A supervisor's parameters."""

    model_config = ConfigDict(extra='forbid', frozen=True, allow_inf_nan=False)

    lost_after_s: float = Field(default=120.0, gt=0.0)
    """A robot not heard for so long is lost: its survey cells go to the others [s]."""
    tier: int = Field(default=2, ge=0, le=4)
    """Tier of trust that a registered robot gets."""
    token_ttl_s: float = Field(default=3600.0, ge=10.0)
    """A tier token holds so long at most, less where its tier says so; renewed at half [s]."""
    seen_ttl_s: float = Field(default=3600.0, gt=0.0)
    """A cell seen longer ago no longer counts as seen [s]."""
    hazard_ttl_s: float = Field(default=600.0, gt=0.0)
    """A hazard that nobody reports any more is forgotten after this [s]."""
    leave_out_m2: float = Field(default=2.0, ge=0.0)
    """What a lost robot leaves unseen is not worth a trip below this area [m^2]."""
    swath_share: float = Field(default=1.2, gt=0.0, le=2.0)
    """Width of what a robot sees in passing, as a share of its survey range."""
    hello_within_s: float = Field(default=10.0, gt=0.0)
    """A link without a Hello is closed after this [s]."""
    orders_per_minute: int = Field(default=600, ge=1)
    """So many orders of one operator are taken in a minute."""
    requests_per_minute: int = Field(default=3000, ge=1)
    """So many other requests of one operator; to stop, recall or revoke is never counted."""
    watchers: int = Field(default=64, ge=1)
    """So many may watch at once."""
    mediator_stuck_s: float = Field(default=30.0, gt=0.0)
    """A robot at work that has not got on for so long gets a mediator [s]."""
    mediator_conflicts: int = Field(default=3, ge=1)
    """So many conflicts of passage that no agreement ended bring a mediator to two robots."""
    mediator_complexity: float = Field(default=0.8, ge=0.0, le=1.0)
    """A plan that is more complex is put in order by the mediator before it begins, 0 to 1."""
    mediator_attempts: int = Field(default=3, ge=0)
    """So often the mediator tries something in one mission; then an operator is asked."""
    recall_model: str = ''
    """Folder of the sentence model that finds notes by meaning (`model.onnx`, `vocab.txt`);
    `none` for words alone; empty: that of the extra `recall`, where it is installed."""
    model_timeout_s: float = Field(default=20.0, gt=0.0)
    """A language model that has not answered by then is not waited for [s]."""
    model_max_tokens: int = Field(default=2048, ge=64)
    """Longest answer of a language model [tokens]."""
    model_tokens_per_mission: int = Field(default=20_000, ge=0)
    """Tokens that one order may take, retries included."""
    model_tokens_per_day: int = Field(default=500_000, ge=0)
    """Tokens that all orders of a day (UTC) may take."""
    model_usd_per_mission: float = Field(default=0.2, ge=0.0)
    """Money that one order may cost [USD]."""
    model_usd_per_day: float = Field(default=5.0, ge=0.0)
    """Money that all orders of a day (UTC) may cost [USD]."""
    model_usd_per_million_in: float = Field(default=3.0, ge=0.0)
    """Price of a million tokens that the model reads [USD]."""
    model_usd_per_million_out: float = Field(default=15.0, ge=0.0)
    """Price of a million tokens that the model writes [USD]."""


def load_settings(path: Path) -> Settings:
    """Read a parameter file.

    Raises:
        ConfigError: It is missing or malformed; the message names the field.
    """
    return read_model(path, Settings)
