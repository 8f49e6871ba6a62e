-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 the dbengine authors
SELECT date('2024-02-29'), date('2024-02-29', '+1 year'), date('2024-01-31', '+1 month'), datetime('2024-02-29 12:34:56', '-1 day', 'start of day'), time('12:00', '+90 minutes'), julianday('2000-01-01 12:00'), strftime('%Y %m %d %H %M %S %j %w %W %s %f %%', '2024-12-31 23:59:59.999');
SELECT date('2024-02-30'), date('not a date'), date(2460370.5), date(1709164800, 'unixepoch'), datetime(1709164800.5, 'unixepoch', 'subsec'), unixepoch('1969-12-31 23:59:59'), date('2024-03-01', 'weekday 0'), date('0000-01-01'), date('9999-12-31', '+1 day'), datetime('2024-01-01T10:00:00Z'), datetime('2024-01-01 10:00+02:00');
SELECT strftime('%Y-%m', 'now') = substr(date('now'), 1, 7), typeof(random()), length(randomblob(7)), typeof(sqlite_version());
SELECT json('{"b":1,"a":[1,2.50,"x",null,true]}'), json_extract('{"a":{"b":[10,20]}}', '$.a.b[1]'), json_array(1, 'x', NULL, json('[2]')), json_object('k', 1, 'l', x'00');
SELECT json_array(1, 'x', NULL, json('[2]')), json_type('{"a":1.0}', '$.a'), json_valid('{"a":}'), json_quote('it"s'), json_remove('[1,2,3]', '$[1]'), json_patch('{"a":1,"b":2}', '{"b":null,"c":3}'), '{"x":[1,{"y":2}]}' ->> '$.x[1].y', '{"x":"s"}' -> 'x';
SELECT key, value, type, fullkey FROM json_tree('{"a":[1,{"b":null}],"c":"d"}');
SELECT json_extract('{bad', '$');
SELECT json_group_object(column1, column2) FROM (VALUES ('a', 1), ('b', NULL));
SELECT sqrt(2), pow(2, 10), exp(1), ln(10), log10(1000), log(2, 8), sin(0), cos(0), pi() > 3.14, ceil(-1.5), floor(-1.5), trunc(2.9), mod(7, 3), sqrt(-1), degrees(pi());
SELECT count(*) FROM pragma_table_info('sqlite_schema');
CREATE VIRTUAL TABLE ft USING fts5 (body);
INSERT INTO ft VALUES ('the quick brown fox'), ('jumps over the lazy dog'), ('the dog sleeps');
SELECT rowid, highlight(ft, 0, '<', '>') FROM ft WHERE ft MATCH 'dog' ORDER BY rowid;
SELECT rowid FROM ft WHERE ft MATCH 'the NOT fox' ORDER BY bm25(ft), rowid;
SELECT count(*) FROM ft('qui* OR laz*');
SELECT * FROM ft WHERE ft MATCH 'AND';
CREATE VIRTUAL TABLE box USING rtree (id, x0, x1);
INSERT INTO box VALUES (1, 0, 10), (2, 5, 15), (3, 20, 30);
SELECT id FROM box WHERE x0 <= 7 AND x1 >= 7 ORDER BY id;
INSERT INTO box VALUES (4, 5, 1);
SELECT likely(1), unlikely(0), likelihood(1, 0.5), zeroblob(3), typeof(zeroblob(0)), soundex('Robert'), format('%.3s|%5s', 'abcdef', 'x'), unhex('41') IS NULL;
SELECT nope(1);
SELECT abs(1, 2);
SELECT sum(sum(1));
SELECT substr();
SELECT count(DISTINCT 1, 2);
SELECT CASE END;
