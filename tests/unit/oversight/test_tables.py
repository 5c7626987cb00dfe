"""A bank's files: what is set aside, what is a finding, other banks' names."""

import numpy as np
import pytest

from qonys.core.errors import DataError
from qonys.oversight.tables import (
    NOT_TOLD,
    read_accounts,
    read_labels,
    read_mapping,
    read_transactions,
)

HEAD = "time,transaction_id,amount,currency,sender,receiver,channel,kind,sender_device\n"
NOW = 1_767_225_600  # 2026-01-01


def write(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_that_cannot_be_believed_are_set_aside_with_their_reason(tmp_path):
    rows = [
        "2025-01-01T10:00:00,a,5.10,KZT,x,y,p2p,transfer,d1",
        "2025-01-01T09:00:00Z,b,5,KZT,x,y,p2p,gift,",
        "2025-01-01 12:00:00+05:00,c,-5,KZT,x,y,p2p,transfer,d1",
        "2025-01-01,a,5,KZT,x,y,p2p,transfer,d1",
        "soon,d,5,KZT,x,y,p2p,transfer,d1",
        "2025-01-02,e,five,KZT,x,y,p2p,transfer,d1",
        "2035-01-01,f,5,KZT,x,y,p2p,transfer,d1",
        "2025-01-02,g,5,USD,x,y,p2p,transfer,d1",
        ",,,,,,,,",
    ]
    found, findings, aside = read_transactions(
        write(tmp_path, HEAD + "\n".join(rows) + "\n"), until=NOW
    )
    assert found.ids.to_list() == ["b", "a"]  # in the order of time
    assert found.amount.tolist() == [500, 510]
    assert found.kind.tolist() == [-1, 0]
    assert found.devices["sender_device"].tolist() == [-1, 0]
    assert [found.names[at] for at in found.sender] == ["x", "x"]
    assert aside["row"].to_list() == [3, 4, 5, 6, 7, 8, 9]
    told = {one.problem: one for one in findings}
    assert told["an amount below 0"].examples == (3,)
    assert told["an identifier that stood before"].examples == (4,)
    assert told["another currency than KZT"].quarantined
    assert not told["earlier than a row before it: sorted"].quarantined
    assert not told["a kind we have no word for (gift)"].quarantined


def test_zones_are_one_clock(tmp_path):
    rows = "2025-01-01T12:00:00+05:00,a,1,,x,y,,,\n2025-01-01T07:00:00,b,1,,x,y,,,\n"
    found, _, _ = read_transactions(write(tmp_path, HEAD + rows), until=NOW)
    assert found.time[0] == found.time[1]


def test_another_banks_names_and_days_are_mapped(tmp_path):
    mapping = read_mapping(
        write(
            tmp_path,
            'transaction_id = "id"\nsender = "src"\nreceiver = "dst"\n'
            '[time]\ncolumn = "step"\norigin = "2017-01-01"\nunit = "day"\n'
            '[amount]\ncolumn = "cents"\nscale = 0.01\n',
            "m.toml",
        )
    )
    rows = "id,step,cents,src,dst\n1,0,15653,5,6\n2,1,200,6,5\n"
    found, findings, _ = read_transactions(write(tmp_path, rows), mapping, NOW)
    assert findings == []
    assert np.diff(found.time).tolist() == [86400]
    assert found.amount.tolist() == [15653, 200]
    wrong = 'colour = "x"\n[time]\nunit = "fortnight"\norigin = "once"\n[amount]\nscale = -1\n'
    with pytest.raises(DataError) as caught:
        read_mapping(write(tmp_path, wrong, "w.toml"))
    assert len(caught.value.faults) == 4
    with pytest.raises(DataError, match="no TOML"):
        read_mapping(write(tmp_path, "=", "x.toml"))


def test_files_without_use_are_faults(tmp_path):
    with pytest.raises(DataError) as caught:
        read_transactions(write(tmp_path, "time,amount\n2025-01-01,5\n"))
    assert [fault.column for fault in caught.value.faults] == [
        "transaction_id",
        "sender",
        "receiver",
    ]
    with pytest.raises(DataError, match="no transaction that can be used"):
        read_transactions(write(tmp_path, HEAD + "soon,a,5,KZT,x,y,p2p,transfer,\n"))
    with pytest.raises(DataError, match="cannot be read"):
        read_transactions(write(tmp_path, ""))


def test_accounts_and_labels(tmp_path):
    text = "account,opened,residency\nx,2024-05-01,resident\ny,one day,non-resident\n"
    accounts, findings = read_accounts(write(tmp_path, text))
    assert accounts.names == ("x", "y")
    assert accounts.opened[1] == NOT_TOLD
    assert accounts.groups == {"residency": ("resident", "non-resident")}
    assert findings[0].examples == (2,)
    with pytest.raises(DataError, match="stands twice"):
        read_accounts(write(tmp_path, "account\nx\nx\n"))
    text = "account,mule,typology,first_mule_time\nx,true,transit,2025-01-01\ny,False,,\n"
    labels = read_labels(write(tmp_path, text))
    assert labels.mule == {"x": True, "y": False}
    assert labels.typology["x"] == "transit"
    assert set(labels.since) == {"x"}
    with pytest.raises(DataError, match="neither true nor false"):
        read_labels(write(tmp_path, "account,mule\nx,maybe\n"))
