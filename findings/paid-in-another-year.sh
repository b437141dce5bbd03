#!/usr/bin/env bash
# Paid in New York at eight in the evening of 31 December is 1 January to ofxparse where the file names the zone, and 31 December where it gives the same offset without a name; neither result says which clock it is.
# Source: OFX 2.3, 3.2.8.1: a time may end in an offset from GMT in brackets, the name of the zone in it being optional: [-5:EST] and [-5] are the same.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check ofxparse==0.21
cat > read.py <<'PY'
import io
from ofxparse import OfxParser
times = ("20261231200000.000[-5:EST]", "20261231200000.000[-5]")
entries = "".join(f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>{each}<TRNAMT>39.50<FITID>{number}<NAME>Cut</STMTTRN>" for number, each in enumerate(times))
text = f"""OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20270104<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>1<ACCTID>2<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261201<DTEND>20270104{entries}</BANKTRANLIST>
<LEDGERBAL><BALAMT>0<DTASOF>20270104</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
for written, read in zip(times, OfxParser.parse(io.BytesIO(text.encode())).account.statement.transactions):
    print(f"ofxparse 0.21: {written} is {read.date}, zone {read.date.tzinfo}")
PY
venv/bin/python read.py > seen
cat > expected <<'TEXT'
ofxparse 0.21: 20261231200000.000[-5:EST] is 2027-01-01 01:00:00, zone None
ofxparse 0.21: 20261231200000.000[-5] is 2026-12-31 20:00:00, zone None
TEXT
cat seen
diff -u expected seen
