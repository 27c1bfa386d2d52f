# SPDX-License-Identifier: Apache-2.0
"""Who calls: the common name of the client's certificate, which mutual TLS has verified."""

from typing import Any

import grpc

from swarm_vault.keys import OPERATOR
from swarm_vault.laws.core.roles import Principal, Right
from swarm_vault.laws.operators import OWN, Register


async def caller_of(context: Any, *, insecure: bool) -> str:
    """The caller's name; 'plain text' when the link has no certificates.

    Ends the call when it should have one and has not.
    """
    if insecure:
        return 'plain text'
    names = context.auth_context().get('x509_common_name', ())
    if not names:
        await context.abort(
            grpc.StatusCode.UNAUTHENTICATED,
            'no client certificate; call with the keys that the vault holds for you',
        )
    return bytes(names[0]).decode('utf-8', 'replace')


async def require_operator(
    context: Any, register: Register, right: Right, *, claimed: str = '', insecure: bool
) -> Principal:
    """Who calls, if it is an operator whose role gives the right; ends the call otherwise.

    Args:
        context: The call.
        register: The operators and their roles.
        right: What is asked for.
        claimed: The name in the request; a certificate of one's own outranks it.
        insecure: Whether the link is plain text.
    """
    caller = await caller_of(context, insecure=insecure)
    if not insecure and caller != OPERATOR and not caller.startswith(OWN):
        await context.abort(
            grpc.StatusCode.PERMISSION_DENIED,
            f'{caller!r} may not give orders; only the certificate of {OPERATOR!r} may',
        )
    principal = register.principal(caller, claimed, plain_text=insecure)
    refusal = register.refusal(principal, right)
    if refusal:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, refusal)
    return principal
