// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of databases like the samples for learning SQL: a trader (as Northwind) and a lender of
// films (as Sakila). They have composite and text keys, many-to-many tables, circular references,
// views of views, triggers that change what was just written, and every oddity of their files. The
// loaded databases go through dumps, CSV and JSON lines and return unchanged.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"

#include <sstream>

#include "support/test.hpp"

using namespace dbengine::test;

namespace {

using list = std::vector<std::string>;

// Reports only the first line that differs, because the texts are long.
void same(const std::string& what, const std::string& found, const std::string& expected) {
  std::istringstream left(expected), right(found);
  std::string a, b;
  do {
    a.clear(), b.clear();
    std::getline(left, a), std::getline(right, b);
  } while (a == b && left && right);
  if (found != expected)
    CAF_ERROR(what << ": expected: " << a << "\nfound: " << b);
  else
    CAF_CHECK(true);
}

struct fixture {
  engine_folder folder;

  run_result run_in(const list& words, const std::string& input = {}) const {
    return run(words, {.input = input, .folder = folder.path});
  }
  std::string good(const list& words, const std::string& input = {}) const {
    const auto r = run_in(words, input);
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + words[0] + (r.code == 0 ? "" : " " + r.err),
                    "0 " + words[0]);
    return r.out;
  }
  /// The output of SQLite's own program.
  std::string sqlite(const std::string& db, const std::string& sql,
                     const std::string& mode = "-list") const {
    const auto r = run({mode, (folder.path / db).string(), sql}, {.program = "/usr/bin/sqlite3"});
    CAF_CHECK_EQUAL(r.err, "");
    return r.out;
  }
  list tables(const std::string& db) const {
    list all;
    std::string text =
        good({"query", db,
              "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
              "AND name NOT LIKE 'sqlite_%' ORDER BY name",
              "-o", "jsonl"});
    for (std::size_t at = text.find(":\""); at != std::string::npos; at = text.find(":\"", at + 1))
      all.push_back(text.substr(at + 2, text.find('"', at + 2) - at - 2));
    return all;
  }
  /// All rows with their types, the schema, the rows of the views, and the result of the checks.
  std::string content(const std::string& db, const list& views) const {
    std::string all = sqlite(
        db, "SELECT type, name, tbl_name, sql FROM "
            "sqlite_schema ORDER BY 1, 2; PRAGMA integrity_check; PRAGMA foreign_key_check;");
    list from = tables(db);
    from.insert(from.end(), views.begin(), views.end());
    for (const auto& name : from)
      all += name + "\n" + sqlite(db, "SELECT * FROM [" + name + "] ORDER BY 1, 2", "-quote");
    return all;
  }
  void through_dumps(const std::string& script, const list& views) const;
  void through_files(const std::string& db, const list& views) const;
};

// script -> dump -> script -> dump, by this program and by SQLite's.
void fixture::through_dumps(const std::string& script, const list& views) const {
  write_text(folder.path / "a.sql", script);
  good({"script", "a.db", "a.sql"});
  const auto dumped = good({"dump", "a.db"});
  good({"script", "b.db", "-"}, dumped);
  same("the dump of a copy", good({"dump", "b.db"}), dumped);
  const auto expected = content("a.db", views);
  same("a copy", content("b.db", views), expected);
  // Line ends of another system and a byte order mark change only the line ends inside texts and
  // definitions.
  std::string windows = "\xef\xbb\xbf";
  for (const char c : dumped)
    windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  good({"script", "w.db", "-"}, windows);
  const auto without_cr = [](std::string text) {
    std::erase(text, '\r');
    return text;
  };
  same("with line ends of another system", without_cr(content("w.db", views)),
       without_cr(expected));
  // SQLite's program reads our dump, and this program reads SQLite's.
  run({(folder.path / "c.db").string()}, {.input = dumped, .program = "/usr/bin/sqlite3"});
  same("our dump in SQLite", content("c.db", views), expected);
  good({"script", "d.db", "-"}, sqlite("a.db", ".dump"));
  same("SQLite's dump", content("d.db", views), content("a.db", views));
  CAF_CHECK_EQUAL(good({"check", "b.db"}), "ok\n");
}

// Exports each table, imports it into the same schema without rows, and compares; then into a table
// created by the import.
void fixture::through_files(const std::string& db, const list& views) const {
  const auto expected = content(db, views);
  std::size_t files = 0;
  for (const std::string format : {"csv", "jsonl"}) {
    const auto copy = format + ".db", fresh = format + "_fresh.db";
    // A copy without rows, and without triggers, which would write into the imported tables.
    write_text(folder.path / copy, content_of(folder.path / db));
    const auto triggers =
        sqlite(copy, "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger'");
    std::string empty = "PRAGMA foreign_keys = OFF; BEGIN;";
    for (const auto& one : tables(db))
      empty += "DELETE FROM [" + one + "];";
    const auto names = sqlite(copy, "SELECT name FROM sqlite_schema WHERE type = 'trigger'");
    for (std::size_t at = 0; at < names.size(); at = names.find('\n', at) + 1)
      empty += "DROP TRIGGER [" + names.substr(at, names.find('\n', at) - at) + "];";
    sqlite(copy, empty + "COMMIT;");
    write_text(folder.path / "off.toml", "[engine]\nforeign_keys = false\n");
    for (const auto& one : tables(db)) {
      const auto file = std::to_string(++files) + "." + format;
      good({"export", db, "-t", one, file});
      good({"-c", "off.toml", "import", copy, file, "-t", one, "--batch", "7"});
      good({"import", fresh, file, "-t", one});
      same("a table of the same types", good({"export", copy, "-t", one, "-", "--format", format}),
           content_of(folder.path / file));
      // CSV does not preserve the types of a column that mixes them: the column becomes text.
      if (format != "csv" || one != "payment")
        same("a table made by the import",
             good({"export", fresh, "-t", one, "-", "--format", format}),
             content_of(folder.path / file));
    }
    sqlite(copy, triggers);
    same("all tables", content(copy, views), expected);
  }
  CAF_CHECK(files > 10);
}

const list trader_views{"Order Subtotals", "Best Customers", "Staff by Boss"};

constexpr const char* trader_sql = R"sql(
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE [Categories] ([CategoryID] INTEGER PRIMARY KEY AUTOINCREMENT, [CategoryName] TEXT, [Description] TEXT, [Picture] BLOB);
CREATE TABLE [Region] ([RegionID] INTEGER NOT NULL PRIMARY KEY, [RegionDescription] TEXT NOT NULL);
CREATE TABLE [Territories] ([TerritoryID] TEXT NOT NULL, [TerritoryDescription] TEXT NOT NULL, [RegionID] INTEGER NOT NULL,
  PRIMARY KEY ([TerritoryID]), FOREIGN KEY ([RegionID]) REFERENCES [Region] ([RegionID]) ON DELETE NO ACTION ON UPDATE NO ACTION);
CREATE TABLE [Customers] ([CustomerID] NCHAR(5) PRIMARY KEY COLLATE NOCASE, [CompanyName] TEXT NOT NULL, [PostalCode] TEXT, [Phone] VARCHAR(24),
  [Credit] NUMERIC, [Since] DATE DEFAULT (date('2026-01-01'))) WITHOUT ROWID;
CREATE TABLE [Employees] ([EmployeeID] INTEGER PRIMARY KEY AUTOINCREMENT, [LastName] TEXT, [BirthDate] DATE, [HireDate] DATETIME,
  [Notes] TEXT, [ReportsTo] INTEGER REFERENCES [Employees] ([EmployeeID]) DEFERRABLE INITIALLY DEFERRED, CHECK ([BirthDate] < [HireDate]));
CREATE TABLE [EmployeeTerritories] ([EmployeeID] INTEGER NOT NULL REFERENCES [Employees], [TerritoryID] TEXT NOT NULL REFERENCES [Territories],
  PRIMARY KEY ([EmployeeID], [TerritoryID]));
CREATE TABLE [Products] ([ProductID] INTEGER PRIMARY KEY, [ProductName] TEXT NOT NULL, [CategoryID] INTEGER REFERENCES [Categories],
  [QuantityPerUnit] TEXT, [UnitPrice] NUMERIC DEFAULT 0 CHECK ([UnitPrice] >= 0), [Discontinued] BIT NOT NULL DEFAULT '0');
CREATE TABLE [Orders] ([OrderID] INTEGER PRIMARY KEY, [CustomerID] TEXT REFERENCES [Customers], [EmployeeID] INTEGER REFERENCES [Employees],
  [OrderDate] DATETIME, [Freight] NUMERIC DEFAULT 0, [ShipName] TEXT);
CREATE TABLE [Order Details] ([OrderID] INTEGER NOT NULL REFERENCES [Orders] ON DELETE CASCADE, [ProductID] INTEGER NOT NULL REFERENCES [Products],
  [UnitPrice] NUMERIC NOT NULL DEFAULT 0, [Quantity] INTEGER NOT NULL DEFAULT 1 CHECK ([Quantity] > 0), [Discount] REAL NOT NULL DEFAULT 0
  CHECK ([Discount] >= 0 AND [Discount] <= 1), PRIMARY KEY ([OrderID], [ProductID]));
CREATE INDEX [by "postal" code] ON [Customers] ([PostalCode] DESC, [CompanyName] COLLATE RTRIM);
CREATE UNIQUE INDEX one_boss ON [Employees] ([LastName]) WHERE [ReportsTo] IS NULL;
CREATE VIEW [Order Subtotals] AS SELECT [OrderID], sum([UnitPrice] * [Quantity] * (1 - [Discount]) * 100) / 100 AS [Subtotal]
  FROM [Order Details] GROUP BY [OrderID];
CREATE VIEW [Best Customers] AS SELECT c.[CompanyName], total(s.[Subtotal]) AS t, count(*) AS n FROM [Customers] c
  LEFT JOIN [Orders] o USING ([CustomerID]) LEFT JOIN [Order Subtotals] s ON s.[OrderID] = o.[OrderID] GROUP BY c.[CustomerID];
CREATE VIEW [Staff by Boss] AS WITH RECURSIVE boss (id, depth) AS (SELECT [EmployeeID], 0 FROM [Employees] WHERE [ReportsTo] IS NULL
  UNION ALL SELECT e.[EmployeeID], depth + 1 FROM [Employees] e JOIN boss ON e.[ReportsTo] = boss.id) SELECT * FROM boss;
CREATE TRIGGER [no ; order without a name] BEFORE INSERT ON [Orders] WHEN NEW.[ShipName] = '' BEGIN
  SELECT RAISE(ABORT, 'a name; please'); END;
CREATE TRIGGER [new customer by view] INSTEAD OF INSERT ON [Best Customers] BEGIN
  INSERT INTO [Customers] ([CustomerID], [CompanyName]) VALUES (substr(NEW.[CompanyName], 1, 5), NEW.[CompanyName]); END;
INSERT INTO [Categories] VALUES (1, 'Beverages', 'Soft drinks, coffees, "teas"', X'151C2F00FF'), (2, '', NULL, X''), (9, 'Käse', 'it''s', NULL);
DELETE FROM [Categories] WHERE [CategoryID] = 9;
INSERT INTO [Region] VALUES (1, 'Eastern                                           '), (2, 'Вест'), (3, '東');
INSERT INTO [Territories] VALUES ('01581', 'Westboro', 1), ('1581', 'not the same', 1), ('007', ' Bond ', 2), ('1e5', '+1', 3), ('', 'empty key', 3);
INSERT INTO [Customers] VALUES ('ALFKI', 'Alfreds "Futterkiste"', '12209', '030-0074321', 1.10, '1996-02-30'),
  ('ANATR', 'Ana Trujillo, Emparedados y helados', '05021', '(5) 555-4729', NULL, NULL), ('bolid', 'Bólido
Comidas preparadas', '', NULL, 9007199254740993, '0000-00-00'), ('ΩMEGA', '🎉', NULL, '', -0.1, '29/02/2000');
INSERT INTO [Employees] VALUES (2, 'Fuller', '1952-02-19', '1992-08-14 00:00:00.000', 'BTS; -- "commercial"' || char(13) || char(10) || 'Ph.D.', NULL),
  (1, 'Davolio', '1948-12-08', '1992-05-01', '', 2), (5, 'Buchanan', '1955-03-04', '1993-10-17', NULL, 2), (6, NULL, NULL, NULL, char(0), 5);
INSERT INTO [EmployeeTerritories] VALUES (1, '01581'), (1, '1581'), (2, '01581'), (5, ''), (6, '1e5');
)sql";

std::string trader() {
  std::string sql = trader_sql;
  for (int i = 1; i <= 60; ++i) {
    const auto n = std::to_string(i);
    sql += "INSERT INTO [Products] VALUES (" + n + ", 'Product, no. " + n + "', " +
           (i % 9 == 0 ? "NULL" : std::to_string(1 + i % 2)) + ", '" + n +
           " boxes x 20 \"bags\"', " + n + "." + std::to_string(i % 10) + "5, " +
           (i % 7 == 0 ? "'1'" : "0") + ");\n";
    sql += "INSERT INTO [Orders] VALUES (" + std::to_string(10247 + i) + ", '" +
           (i % 3 == 0 ? "ANATR" : "ALFKI") + "', " + std::to_string(1 + i % 2) + ", '1996-07-" +
           (i % 28 < 9 ? "0" : "") + std::to_string(1 + i % 28) + "', " + std::to_string(i) +
           ".38, 'Vins et alcools''" + n + "');\n";
    for (int k = 0; k < 3; ++k)
      sql += "INSERT INTO [Order Details] VALUES (" + std::to_string(10247 + i) + ", " +
             std::to_string(1 + (i * 7 + k * 11) % 60) + ", " + n + ".4, " + std::to_string(1 + k) +
             ", 0." + std::to_string(k) + "5);\n";
  }
  return sql + "PRAGMA user_version = 1997;\nPRAGMA application_id = 7;\nCOMMIT;\n";
}

const list lender_views{"film_list", "sales_by_store"};

constexpr const char* lender_tables = R"sql(
CREATE TABLE language (language_id SMALLINT NOT NULL, name CHAR(20) NOT NULL, last_update TIMESTAMP NOT NULL, PRIMARY KEY (language_id));
CREATE TABLE actor (actor_id numeric NOT NULL, first_name VARCHAR(45) NOT NULL, last_name VARCHAR(45) NOT NULL, last_update TIMESTAMP NOT NULL,
  PRIMARY KEY (actor_id));
CREATE INDEX idx_actor_last_name ON actor(last_name);
CREATE TRIGGER actor_trigger_ai AFTER INSERT ON actor BEGIN
  UPDATE actor SET last_update = DATETIME('NOW') WHERE rowid = new.rowid; END;
CREATE TABLE film (film_id int NOT NULL, title VARCHAR(255) NOT NULL, description BLOB SUB_TYPE TEXT DEFAULT NULL, release_year VARCHAR(4) DEFAULT NULL,
  language_id SMALLINT NOT NULL, original_language_id SMALLINT DEFAULT NULL, rental_rate DECIMAL(4,2) DEFAULT 4.99 NOT NULL, length SMALLINT DEFAULT NULL,
  rating VARCHAR(10) DEFAULT 'G', special_features VARCHAR(100) DEFAULT NULL, last_update TIMESTAMP NOT NULL, PRIMARY KEY (film_id),
  CONSTRAINT CHECK_special_features CHECK(special_features is null or special_features like '%Trailers%' or special_features like '%Commentaries%'),
  CONSTRAINT CHECK_special_rating CHECK(rating in ('G','PG','PG-13','R','NC-17')),
  CONSTRAINT fk_film_language FOREIGN KEY (language_id) REFERENCES language (language_id),
  CONSTRAINT fk_film_language_original FOREIGN KEY (original_language_id) REFERENCES language (language_id));
CREATE TABLE film_actor (actor_id INT NOT NULL REFERENCES actor ON UPDATE CASCADE, film_id INT NOT NULL REFERENCES film ON DELETE NO ACTION ON UPDATE CASCADE,
  last_update TIMESTAMP NOT NULL, PRIMARY KEY (actor_id,film_id));
CREATE TABLE staff (staff_id SMALLINT NOT NULL PRIMARY KEY, picture BLOB DEFAULT NULL, password VARCHAR(40), store_id INT NOT NULL
  REFERENCES store (store_id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE store (store_id INT NOT NULL PRIMARY KEY, manager_staff_id SMALLINT NOT NULL UNIQUE REFERENCES staff (staff_id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE payment (payment_id int PRIMARY KEY NOT NULL, store_id INT REFERENCES store, amount DECIMAL(5,2) NOT NULL, payment_date TIMESTAMP NOT NULL,
  note ANY) STRICT;
)sql";

constexpr const char* lender_objects = R"sql(
CREATE TABLE film_text (film_id SMALLINT NOT NULL PRIMARY KEY, title TEXT, "description
of it" TEXT);
CREATE TRIGGER film_to_text AFTER INSERT ON film BEGIN
  INSERT INTO film_text VALUES (NEW.film_id, NEW.title, CASE WHEN NEW.description IS NULL THEN 'none; END' ELSE CAST(NEW.description AS TEXT) END); END;
CREATE VIEW film_list AS SELECT film.film_id AS FID, film.title AS title, group_concat(actor.first_name || ' ' || actor.last_name, ', ') AS actors
  FROM film JOIN film_actor ON film.film_id = film_actor.film_id JOIN actor ON film_actor.actor_id = actor.actor_id GROUP BY 1, 2;
CREATE VIEW sales_by_store AS SELECT store_id, count(*) AS n, total(amount) AS total_sales FROM payment GROUP BY store_id;
INSERT INTO language VALUES (1, 'English             ', '2006-02-15 05:02:19'), (2, '日本語', '2006-02-15T05:02:19+09:00'), (3, '', '-');
BEGIN;
INSERT INTO staff VALUES (1, X'89504E470D0A1A0A00', '8cb2237d0679ca88db6464eac60da96345513964', 1), (2, NULL, '00e1', 2);
INSERT INTO store VALUES (1, 2), (2, 1);
COMMIT;
)sql";

std::string lender() {
  std::string sql = lender_tables;
  // Strict tables allow few types.
  const std::string strict =
      "payment_id int PRIMARY KEY NOT NULL, store_id INT REFERENCES store, amount DECIMAL(5,2)";
  sql.replace(sql.find(strict), strict.size(),
              "payment_id INTEGER PRIMARY KEY, store_id INT REFERENCES store, amount REAL");
  sql.replace(sql.find("payment_date TIMESTAMP"), 22, "payment_date TEXT");
  sql += lender_objects;
  for (int i = 1; i <= 50; ++i) {
    const auto n = std::to_string(i);
    sql +=
        "INSERT INTO actor VALUES (" + n + ", 'PENELOPE''" + n + "', 'O\"NEIL', '2006-02-15');\n";
    sql += "INSERT INTO film VALUES (" + n + ", 'ACADEMY, DINOSAUR " + n + "', " +
           (i % 4 == 0   ? "NULL"
            : i % 4 == 1 ? "'A \"Epic\"\nDrama of\r\na Mad Scientist'"
            : i % 4 == 2 ? "X'00FF" + std::to_string(10 + i % 80) + "'"
                         : "''") +
           ", " + (i % 5 == 0 ? "'0" + n + "'" : "'2006'") + ", 1, " + (i % 2 == 0 ? "2" : "NULL") +
           ", '0." + n + "', " + n + ", 'PG-13', " +
           (i % 3 == 0 ? "NULL" : "'Trailers,Deleted Scenes'") + ", '2006-02-15 05:03:42.000');\n";
    sql += "INSERT INTO film_actor VALUES (" + n + ", " + n + ", '');\n";
    if (i > 1)
      sql += "INSERT INTO film_actor VALUES (" + std::to_string(i - 1) + ", " + n +
             ", '15/02/2006');\n";
    sql += "INSERT INTO payment VALUES (" + std::to_string(i * 1'000'000'007LL) + ", " +
           std::to_string(1 + i % 2) + ", " + n + ".99, '2005-05-2" + std::to_string(i % 9) +
           "', " +
           (i % 5 == 0   ? "9223372036854775807"
            : i % 5 == 1 ? "'00042'"
            : i % 5 == 2 ? "-9223372036854775808"
            : i % 5 == 3 ? "1e308"
                         : "X'FE'") +
           ");\n";
  }
  return sql;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_sample_databases, fixture)

CAF_TEST(a trader goes through dumps and files) {
  if (!has_program("sqlite3"))
    DBENGINE_SKIP("no sqlite3 here");
  through_dumps(trader(), trader_views);
  CAF_CHECK_EQUAL(sqlite("b.db", "SELECT count(*) FROM [Order Details]"), "180\n");
  // Triggers work after the round trip.
  CAF_CHECK_EQUAL(run_in({"query", "b.db", "INSERT INTO Orders (ShipName) VALUES ('')"}).code, 1);
  good({"query", "b.db", "INSERT INTO [Best Customers] (CompanyName) VALUES ('Zaanse Schans')"});
  CAF_CHECK_EQUAL(sqlite("b.db", "SELECT CompanyName FROM Customers WHERE CustomerID = 'zaans'"),
                  "Zaanse Schans\n");
  through_files("a.db", trader_views);
}

CAF_TEST(a lender of films goes through dumps and files) {
  if (!has_program("sqlite3"))
    DBENGINE_SKIP("no sqlite3 here");
  through_dumps(lender(), lender_views);
  // A trigger stamped the time when the rows were created, not when they were loaded again;
  // `content` has compared it.
  CAF_CHECK_EQUAL(sqlite("b.db", "SELECT count(*) FROM actor WHERE last_update > '2006-02-15'"),
                  "50\n");
  through_files("a.db", lender_views);
}

CAF_TEST(a list of customers from a spreadsheet keeps every field) {
  // As a spreadsheet on another system writes it.
  const std::string csv =
      "\xef\xbb\xbf"
      "\"id\",\"zip\",\"name\",\"note\",\"born\",\"limit\",\"big\",\"share\"\r\n"
      "1,01581,\"Dr. \"\"Who\"\"\",\"two\r\nlines\",1948-12-08,1.50,9223372036854775807,0.1\r\n"
      "2,\"00042\",\"Ana, y hijos\",\"\",,,-9223372036854775808,1e-7\r\n"
      "3,,Ω 日本 🎉 e\xcc\x81,,29/02/2000,1e2,12345678901234567890,-0.0\r\n"
      "4,7,\" padded \", padded ,\"\",\"\",0,.5\r\n"
      "\r\n"
      "5,1e5,'single','it''s',2026-01-01T00:00:00Z,007,-0,1.\r\n";
  write_text(folder.path / "people.csv", csv);
  const std::string shown = "SELECT * FROM people ORDER BY id";
  // As text: every field letter by letter, nothing is NULL, and quotes alone are the empty text.
  good({"import", "text.db", "people.csv", "-t", "people", "--types", "text"});
  CAF_CHECK_EQUAL(
      sqlite("text.db",
             "SELECT hex(note) FROM people WHERE id = '1'; SELECT quote(zip), quote(name), "
             "quote(note), quote(born), quote(\"limit\"), quote(big), quote(share) FROM people "
             "WHERE id > '1' ORDER BY id"),
      "74776F0D0A6C696E6573\n"
      "'00042'|'Ana, y hijos'|''|NULL|NULL|'-9223372036854775808'|'1e-7'\n"
      "NULL|'Ω 日本 🎉 e\xcc\x81'|NULL|'29/02/2000'|'1e2'|'12345678901234567890'|'-0.0'\n"
      "'7'|' padded '|' padded '|''|''|'0'|'.5'\n"
      "'1e5'|'''single'''|'''it''''s'''|'2026-01-01T00:00:00Z'|'007'|'-0'|'1.'\n");
  // With types: a column gets a numeric type only if all its values are numbers and none loses a
  // digit.
  good({"import", "auto.db", "people.csv", "-t", "people"});
  CAF_CHECK_EQUAL(
      sqlite("auto.db", "SELECT name, type FROM pragma_table_info('people')"),
      "id|INTEGER\nzip|TEXT\nname|TEXT\nnote|TEXT\nborn|TEXT\nlimit|TEXT\nbig|TEXT\nshare|TEXT\n");
  CAF_CHECK_EQUAL(
      sqlite("auto.db", "SELECT id, quote(zip), quote(\"limit\"), quote(big), share FROM people"),
      "1|'01581'|'1.50'|'9223372036854775807'|0.1\n"
      "2|'00042'|NULL|'-9223372036854775808'|1e-7\n"
      "3|NULL|'1e2'|'12345678901234567890'|-0.0\n"
      "4|'7'|''|'0'|.5\n"
      "5|'1e5'|'007'|'-0'|1.\n");
  for (const std::string db : {"text.db", "auto.db"})
    for (const std::string format : {"csv", "jsonl"}) {
      const auto file = db + "." + format;
      good({"export", db, "-t", "people", file});
      sqlite(file + ".db", sqlite(db, "SELECT sql || ';' FROM sqlite_schema"));
      good({"import", file + ".db", file, "-t", "people"});
      CAF_CHECK_EQUAL(sqlite(file + ".db", shown, "-quote"), sqlite(db, shown, "-quote"));
    }
  // Into a typed table with an existing key: its row is reported with its line, and nothing else is
  // lost.
  good(
      {"query", "typed.db",
       "CREATE TABLE people (id INTEGER PRIMARY KEY, zip TEXT, name TEXT NOT NULL, note, born DATE, "
       "\"limit\" NUMERIC, big, share REAL)"});
  good({"query", "typed.db", "INSERT INTO people (id, name) VALUES (2, 'here')"});
  const auto skipped =
      run_in({"import", "typed.db", "people.csv", "-t", "people", "--on-error", "skip"});
  CAF_CHECK_EQUAL(skipped.code, 0);
  CAF_CHECK(skipped.err.starts_with("people.csv:4: UNIQUE constraint failed: people.id\n"));
  CAF_CHECK_EQUAL(sqlite("typed.db", "SELECT group_concat(id) FROM people"), "1,2,3,4,5\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
