"""Where a webhook may lead: over HTTPS to public addresses, on ports that the operator allows.

Else whoever may set one up could have this server call what only it can reach: databases, metadata services, itself.
A name is looked up once, and the call goes to the very addresses that were judged: another answer a moment later,
by whoever owns the name, is never asked for.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

Address = IPv4Address | IPv6Address
# IANA's registries of special addresses, written out: what Python knows of them differs from release to release, and
# its `is_global` holds for multicast. Of IPv6 only unicast is public, which leaves out all that stands for an address
# of IPv4 but NAT64, of which the last 32 bits are called; 6to4 and Teredo lie inside it.
NOT_PUBLIC_4 = [
    IPv4Network(network)
    for network in """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    """.split()
]
UNICAST, NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")
NOT_PUBLIC_6 = [IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]
LONGEST = 500  # characters of an address
KEPT = "%/?:@!$&'()*+,;=~[]"  # in a path and query that are written for a request


class BadTarget(ValueError):
    """Nothing that may be called; its words say why."""


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    path: str  # with the query


def read_url(url: str) -> Target:
    """What an address names. Raises BadTarget; whether its name leads somewhere public is asked at each attempt."""
    try:
        parts = urlsplit(url)
        port = 443 if parts.port is None else parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise BadTarget(_("Write an address like https://example.com/webhooks.")) from error
    if not url.isprintable() or " " in url or len(url) > LONGEST or not host:
        raise BadTarget(_("Write an address like https://example.com/webhooks."))
    if parts.scheme != "https":
        raise BadTarget(_("The address has to begin with https://."))
    if "@" in parts.netloc or parts.fragment:
        raise BadTarget(_("The address holds no password and no #."))
    if port not in settings.WEBHOOK_PORTS:
        raise BadTarget(_("Calls to port %(port)s are not allowed here.") % {"port": port})
    refuse_private_address(host)
    path = quote(parts.path or "/", safe=KEPT)
    return Target(host, port, f"{path}?{quote(parts.query, safe=KEPT)}" if parts.query else path)


def validate_url(url: str) -> None:
    """Of forms and bodies. Raises ValidationError."""
    try:
        read_url(url)
    except BadTarget as error:
        raise ValidationError(str(error)) from error


def refuse_private_address(host: str) -> None:
    """Raises BadTarget for an address in figures that may not be called; names pass."""
    try:
        address = ip_address(host)
    except ValueError:
        return
    if not is_allowed(address):
        raise BadTarget(_("This address leads to no public server."))


def look_up(target: Target) -> list[str]:
    """The addresses that may be called, in the system's order. Raises BadTarget and OSError.

    One that may not be called spoils them all: no honest name leads to both.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    refuse_private(addresses)
    return addresses


def refuse_private(addresses: Sequence[str]) -> None:
    """Raises BadTarget where one of the addresses of a name may not be called."""
    for address in addresses:
        if not is_allowed(ip_address(address)):
            raise BadTarget(_("The name leads to %(address)s, which is no public server.") % {"address": address})


def is_allowed(address: Address) -> bool:
    """Whether a webhook may call this address: a public one, or one in a network that the operator names."""
    if any(address in ip_network(network) for network in settings.WEBHOOK_NETWORKS):
        return True
    if isinstance(address, IPv6Address):
        if address in NAT64:  # how every server of IPv4 is called from where there is IPv6 alone
            return is_allowed(IPv4Address(int(address) & 0xFFFF_FFFF))
        return address in UNICAST and not any(address in network for network in NOT_PUBLIC_6)
    return not any(address in network for network in NOT_PUBLIC_4)
