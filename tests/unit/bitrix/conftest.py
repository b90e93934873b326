import pytest

from bizproc_admin import bitrix

from . import stub as stubs


@pytest.fixture
def stub():
    with stubs.running() as running:
        yield running


@pytest.fixture
def pacer():
    return stubs.FreePacer()


@pytest.fixture
def transport(stub, pacer):
    made = bitrix.Transport(
        stub.webhook,
        pacer=pacer,
        timeouts=bitrix.Timeouts(connect=1, read=0.25, total=0.4),
        user_agent="bizproc-admin/test",
    )
    yield made
    made.close()


@pytest.fixture
def naps():
    return []


@pytest.fixture
def reader(transport, naps):
    return bitrix.Reader(transport, sleep=naps.append, draw=lambda: 1.0)


@pytest.fixture
def writer(transport):
    return bitrix.Writer(transport)
