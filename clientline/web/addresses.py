"""Where a request comes from. `X-Forwarded-For` counts as far as declared proxies wrote it, and no further."""

from functools import cache, lru_cache
from ipaddress import ip_address, ip_network

from django.conf import settings

from clientline.columns import AGENT_LENGTH


def find_address(request):
    """The address of the nearest caller that is no declared proxy, as text; None where there is none."""
    address = _parse_address(request.META.get("REMOTE_ADDR", ""))
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        # What is no address was not written by a proxy of ours, nor is anything before it.
        if address is None or not _is_proxy(address) or _parse_address(hop) is None:
            break
        address = _parse_address(hop)
    return str(address) if address else None


def read_agent(request):
    """What a caller says of itself, as far as it is kept."""
    return request.META.get("HTTP_USER_AGENT", "").replace("\0", "")[:AGENT_LENGTH]


def find_network(request):
    """By what a caller is counted: the address, or of IPv6 the 64 bits of which everybody holds all addresses."""
    address = find_address(request)
    if address is None or ":" not in address:
        return address
    return str(ip_network(f"{address}/64", strict=False).network_address)


@lru_cache(maxsize=1024)
def _parse_address(text):
    """The address that `text` says, or None. The zone of a local one (`%eth0`) is left out: no column can hold it."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_proxy(address):
    return any(address in network for network in parse_networks(tuple(settings.TRUSTED_PROXIES)))


@cache
def parse_networks(declared):
    return [ip_network(each) for each in declared]
