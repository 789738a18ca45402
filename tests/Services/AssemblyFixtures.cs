using ResilientShop.Tests;

[assembly: AssemblyFixture(typeof(PostgresServer))]
