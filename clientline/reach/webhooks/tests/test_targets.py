"""Where webhooks may lead: public addresses over HTTPS. Nothing inside is called, however it is written."""

from ipaddress import ip_address

from clientline.reach.webhooks import targets
from clientline.reach.webhooks.targets import BadTarget, Target, is_allowed, look_up, read_url

PRIVATE = """
    0.0.0.0 10.0.0.1 127.0.0.1 127.255.255.254 100.64.0.1 100.127.255.254 169.254.169.254 172.16.0.1 172.31.255.254
    192.0.0.8 192.0.0.9 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254 ::127.0.0.1 ::8.8.8.8
    64:ff9b::10.0.0.1 64:ff9b::127.0.0.1 64:ff9b:1::1 100::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:db8::1
    2002:7f00:1:: 2002:808:808:: fc00::1 fd12:3456:789a::1 fe80::1 fec0::1 3fff::1 4000::1 ff02::1 ff0e::1
""".split()
PUBLIC = """
    1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.32.0.1 192.169.0.1 2606:4700:4700::1111 2a00:1450:4001:81b::200e
    64:ff9b::8.8.8.8
""".split()


def test_what_is_public_is_allowed_and_all_else_is_refused():
    assert [each for each in PRIVATE if is_allowed(ip_address(each))] == []
    assert [each for each in PUBLIC if not is_allowed(ip_address(each))] == []


def test_an_operator_may_open_a_network(settings):
    settings.WEBHOOK_NETWORKS = ["10.1.2.0/24"]
    assert [is_allowed(ip_address(each)) for each in ("10.1.2.3", "10.1.3.3", "::ffff:10.1.2.3")] == [
        True,
        False,
        False,
    ]


def test_an_address_is_read():
    for url, target in (
        ("https://example.com", Target("example.com", 443, "/")),
        ("https://example.com:443/a/b?c=d", Target("example.com", 443, "/a/b?c=d")),
        ("https://8.8.8.8/", Target("8.8.8.8", 443, "/")),
        ("https://[2606:4700:4700::1111]/", Target("2606:4700:4700::1111", 443, "/")),
        ("https://bücher.example/ü?ä=%C3%B6", Target("xn--bcher-kva.example", 443, "/%C3%BC?%C3%A4=%C3%B6")),
        ("HTTPS://Example.com/Path", Target("example.com", 443, "/Path")),
    ):
        assert read_url(url) == target


def refusal_of(perform, told):
    """What is said against it; None where nothing is."""
    try:
        perform(told)
    except BadTarget as error:
        return str(error)
    return None


def test_what_may_not_be_called_says_why():
    for url, why in (
        ("", "like https"),
        ("example.com/hook", "like https"),
        ("http://example.com/", "begin with https"),
        ("ftp://example.com/", "begin with https"),
        ("https:///path", "like https"),
        ("https://exa mple.com/", "like https"),
        ("https://example.com/\r\nHost: inside", "like https"),
        ("https://example.com/\u2028", "like https"),
        ("https://a..b/", "like https"),
        ("https://[::1/", "like https"),
        ("https://example.com:99999/", "like https"),
        ("https://example.com/" + "a" * 500, "like https"),
        ("https://me:secret@example.com/", "no password"),
        ("https://example.com/#there", "no password and no #"),
        ("https://example.com:8443/", "port 8443"),
        ("https://example.com:0/", "port 0"),
        ("https://127.0.0.1/", "no public"),
        ("https://169.254.169.254/latest/meta-data", "no public"),
        ("https://[::1]/", "no public"),
        ("https://[::ffff:10.0.0.1]/", "no public"),
    ):
        assert why in (refusal_of(read_url, url) or ""), url


def test_an_operator_may_allow_other_ports(settings):
    settings.WEBHOOK_PORTS = [443, 8443]
    assert read_url("https://example.com:8443/").port == 8443


# The system itself reads all of these: figures in another writing, and a name of this machine.
def test_other_writings_of_this_machine_lead_nowhere():
    for host in ("localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"):
        assert "no public server" in (refusal_of(look_up, read_url(f"https://{host}/")) or ""), host


def test_one_private_address_spoils_the_name(monkeypatch):
    for answers in (["8.8.8.8", "10.0.0.1"], ["fe80::1%eth0"], ["::ffff:127.0.0.1"]):
        found = [(2, 1, 6, "", (answer, 443)) for answer in answers]
        monkeypatch.setattr(targets.socket, "getaddrinfo", lambda *told, found=found, **options: found)
        assert "no public server" in (refusal_of(look_up, Target("example.com", 443, "/")) or ""), answers
