# SPDX-License-Identifier: Apache-2.0
"""Who calls: the common name of the client's certificate, which mutual TLS has verified."""

from typing import Any

import grpc

OPERATOR = 'operator'


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


async def require_operator(context: Any, *, insecure: bool) -> str:
    """The caller's name if it is the operator's; ends the call otherwise."""
    caller = await caller_of(context, insecure=insecure)
    if not insecure and caller != OPERATOR:
        await context.abort(
            grpc.StatusCode.PERMISSION_DENIED,
            f'{caller!r} may not give orders; only the certificate of {OPERATOR!r} may',
        )
    return caller
