-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 the dbengine authors
CREATE TABLE m (day TEXT, place TEXT, t REAL);
INSERT INTO m VALUES ('2024-01-01', 'A', 1.5), ('2024-01-02', 'A', 2.5), ('2024-01-03', 'A', NULL), ('2024-01-01', 'B', -3), ('2024-01-02', 'B', -1), ('2024-01-04', 'B', -1);
SELECT day, place, t, row_number() OVER (PARTITION BY place ORDER BY day) FROM m ORDER BY place, day;
SELECT place, t, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w FROM m WINDOW w AS (PARTITION BY place ORDER BY t) ORDER BY place, t, day;
SELECT day, t, sum(t) OVER (ORDER BY day ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) FROM m ORDER BY day, place;
SELECT day, t, avg(t) OVER (ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM m ORDER BY day, place;
SELECT day, lag(t) OVER w, lead(t, 2, 'none') OVER w, first_value(t) OVER w, last_value(t) OVER w, nth_value(t, 2) OVER w FROM m WINDOW w AS (PARTITION BY place ORDER BY day) ORDER BY place, day;
SELECT ntile(4) OVER (ORDER BY day, place), count(*) FILTER (WHERE t > 0) OVER () FROM m;
SELECT place, group_concat(t, ';') OVER (PARTITION BY place ORDER BY day GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM m;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i, i * i, (i * 7919) % 13 FROM n;
WITH RECURSIVE fib(a, b) AS (VALUES (0, 1) UNION ALL SELECT b, a + b FROM fib LIMIT 60) SELECT max(a) FROM fib;
WITH RECURSIVE tree(id, parent) AS (VALUES (1, NULL), (2, 1), (3, 1), (4, 2), (5, 4)), below(id, depth) AS (SELECT 1, 0 UNION ALL SELECT tree.id, depth + 1 FROM tree JOIN below ON tree.parent = below.id ORDER BY 2 DESC) SELECT substr('..........', 1, depth * 2) || id FROM below;
WITH a AS MATERIALIZED (SELECT place, max(t) AS top FROM m GROUP BY place), b AS NOT MATERIALIZED (SELECT * FROM a WHERE top > 0) SELECT * FROM b UNION ALL SELECT 'n', count(*) FROM a;
WITH x(i) AS (SELECT 1), y(j) AS (SELECT i + 1 FROM x) INSERT INTO m SELECT 'day ' || j, 'C', j FROM y RETURNING day, t;
WITH RECURSIVE mandel(x, y, n, r, i) AS (SELECT -2.0, 0.0, 0, 0.0, 0.0 UNION ALL SELECT x, y, n + 1, r * r - i * i + x, 2 * r * i + y FROM mandel WHERE n < 20 AND r * r + i * i < 4) SELECT max(n), round(max(r), 6) FROM mandel;
SELECT sum(t) OVER (ORDER BY nope) FROM m;
SELECT row_number() FROM m;
WITH q(a, b) AS (SELECT 1) SELECT * FROM q;
