"""The shared test server gives what other tests build on: fresh databases, and copies of a prepared one."""

import asyncpg

from tests.fixtures.postgres import PostgresTestServer


async def test_a_copy_holds_what_its_template_held(postgres_server: PostgresTestServer) -> None:
    template = await postgres_server.create_database("fixture")
    name = postgres_server.database_of(template)
    await postgres_server.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)", name)
    copy = await postgres_server.create_database("fixture", template=name)
    connection = await asyncpg.connect(copy)
    try:
        assert await connection.fetchval("SELECT n FROM kept") == 7
    finally:
        await connection.close()
    assert copy != template
