//! Verdicts that were asked of MariaDB 10.11; what is MySQL's alone is from its manual.

use crate::config::Backend;
use crate::syntax::{Parsed, of_server, parse};

fn on(backend: Backend, text: &str) -> Parsed {
    parse(text, of_server(backend, None))
}

fn errors(backend: Backend, text: &str) -> Vec<String> {
    on(backend, text).errors.into_iter().map(|e| format!("{}: {}", e.rule, e.message)).collect()
}

fn takes(backend: Backend, text: &str) {
    assert_eq!(errors(backend, text), Vec::<String>::new(), "{text}");
}

fn refuses(backend: Backend, text: &str) {
    assert!(!errors(backend, text).is_empty(), "{text}");
}

#[test]
fn statements_of_both() {
    for text in [
        "CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT, name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT '', PRIMARY KEY (id), KEY i (name(10) DESC) USING BTREE COMMENT 'x', FULLTEXT KEY f (name)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci ROW_FORMAT=DYNAMIC COMMENT='it''s'",
        "CREATE TEMPORARY TABLE IF NOT EXISTS t LIKE u",
        "CREATE TABLE t (a INT) AS SELECT 1 AS a",
        "CREATE TABLE t (a ENUM('x', 'y') NOT NULL DEFAULT 'x', b SET('p','q'), c DECIMAL(10, 2) ZEROFILL, d DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), e BIT(1) DEFAULT b'0', f DOUBLE PRECISION, g JSON, h YEAR, i GEOMETRY NOT NULL, j INT AS (a + 1) STORED, k VARCHAR(10) GENERATED ALWAYS AS (concat(b, 'x')) VIRTUAL, CONSTRAINT ck CHECK (c > 0), CONSTRAINT fk FOREIGN KEY (f) REFERENCES u (id) ON DELETE CASCADE ON UPDATE SET NULL)",
        "CREATE TABLE t (id INT, d DATE) PARTITION BY RANGE (YEAR(d)) (PARTITION p0 VALUES LESS THAN (1990), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT 0 AFTER b, ADD (c INT, d INT), DROP COLUMN e, CHANGE f g BIGINT, MODIFY h TEXT FIRST, ADD INDEX (a), ADD UNIQUE KEY u (c, d), DROP INDEX x, DROP PRIMARY KEY, ADD PRIMARY KEY (a), DROP FOREIGN KEY fk, ADD CONSTRAINT FOREIGN KEY (a) REFERENCES b (c), RENAME COLUMN y TO z, RENAME INDEX p TO q, ALTER COLUMN g SET DEFAULT 1, ALTER g DROP DEFAULT, ENGINE = InnoDB, CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci, ALGORITHM = INPLACE, LOCK = NONE",
        "ALTER TABLE a RENAME TO b",
        "RENAME TABLE a TO b, c TO d",
        "CREATE UNIQUE INDEX i USING BTREE ON t (a, b(20) DESC) COMMENT 'x' ALGORITHM=INPLACE LOCK=NONE",
        "DROP INDEX `PRIMARY` ON t",
        "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY INVOKER VIEW v (x) AS SELECT a FROM t WITH CASCADED CHECK OPTION",
        "INSERT INTO t (a, b) VALUES (1, 'x'), (DEFAULT, NULL) ON DUPLICATE KEY UPDATE b = VALUES(b), c = c + 1",
        "INSERT IGNORE t SET a = 1, b = DEFAULT",
        "REPLACE INTO t SELECT * FROM u",
        "UPDATE t JOIN u ON t.id = u.id LEFT JOIN w USING (id) SET t.a = u.b, t.c = DEFAULT WHERE t.x IS NOT NULL",
        "UPDATE LOW_PRIORITY IGNORE t SET a = a + 1 ORDER BY b LIMIT 5",
        "DELETE a, b FROM t AS a INNER JOIN u AS b ON a.x = b.x WHERE a.y < 3",
        "DELETE FROM a USING t AS a JOIN u WHERE a.x = u.x",
        "SELECT SQL_CALC_FOUND_ROWS DISTINCT a, COUNT(*) AS n, `b c` FROM t USE INDEX (i) WHERE a REGEXP '^x' AND b NOT IN (1, 2) AND c <=> NULL XOR d GROUP BY a WITH ROLLUP HAVING n > 1 ORDER BY n DESC LIMIT 5, 10 FOR UPDATE",
        "SELECT IF(a, b, c), CASE a WHEN 1 THEN 'x' ELSE 'y' END, CAST(a AS UNSIGNED), CONVERT(b USING utf8mb4), DATE_ADD(NOW(), INTERVAL 1 DAY), a + INTERVAL '1:2' MINUTE_SECOND, EXTRACT(YEAR FROM d), TRIM(LEADING 'x' FROM s), GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR '; '), MATCH (a, b) AGAINST ('x' IN BOOLEAN MODE), _utf8mb4'x' COLLATE utf8mb4_bin, x'1f', 0x1F, b'01', @a := 1, @@global.sql_mode, BINARY a, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b), ~1 | 2 ^ 3 << 1, !a, -b DIV 2 MOD 3",
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
        "(SELECT 1) UNION (SELECT 2) ORDER BY 1",
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, @@session.sql_mode = 'ANSI'",
        "SET @a = 1, @b := 'x', SESSION sql_mode = '', GLOBAL max_connections = 5, foreign_key_checks = OFF",
        "LOCK TABLES t WRITE, u AS x READ LOCAL",
        "GRANT SELECT, INSERT (a) ON db.* TO 'u'@'%'",
        "CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW BEGIN IF NEW.a <> OLD.a THEN SET NEW.b = NOW(); ELSEIF NEW.a IS NULL THEN INSERT INTO log VALUES (OLD.a); END IF; END",
        "CREATE DEFINER = 'a'@'b' PROCEDURE p(IN a INT, OUT b VARCHAR(10)) READS SQL DATA BEGIN DECLARE x, y INT DEFAULT 0; DECLARE c CURSOR FOR SELECT a FROM t; DECLARE CONTINUE HANDLER FOR NOT FOUND SET x = 1; OPEN c; l: LOOP FETCH c INTO y; IF x THEN LEAVE l; END IF; CASE y WHEN 1 THEN SET b = 'x'; ELSE SET b = 'y'; END CASE; END LOOP l; CLOSE c; WHILE y > 0 DO SET y = y - 1; END WHILE; REPEAT SET y = y + 1; UNTIL y > 3 END REPEAT; END",
        "CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' DO DELETE FROM t WHERE d < NOW()",
        "START TRANSACTION; SAVEPOINT a; ROLLBACK TO SAVEPOINT a; COMMIT AND NO CHAIN",
        "SELECT 1 -- comment\n; # another\nSELECT 2-- 1",
        "/*!40101 SET NAMES utf8 */; CREATE TABLE t (a INT) /*!50100 PARTITION BY HASH (a) PARTITIONS 4 */",
        "SELECT 'it\\'s', \"a\"\"b\", 'x' 'y'",
        "CREATE TABLE 1st (2nd INT, `a``b` INT)",
    ] {
        takes(Backend::Mysql, text);
        takes(Backend::Mariadb, text);
    }
}

#[test]
fn guards_and_forms_of_mariadb() {
    for text in [
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT, DROP COLUMN IF EXISTS b, ADD INDEX IF NOT EXISTS i (a), DROP INDEX IF EXISTS j, DROP FOREIGN KEY IF EXISTS f, DROP CONSTRAINT IF EXISTS c, MODIFY COLUMN IF EXISTS a INT, CHANGE COLUMN IF EXISTS x y INT, RENAME COLUMN IF EXISTS p TO q, RENAME INDEX IF EXISTS i TO k",
        "ALTER TABLE IF EXISTS t ADD CONSTRAINT fk FOREIGN KEY IF NOT EXISTS (a) REFERENCES b (c)",
        "ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS c CHECK (a > 1)",
        "CREATE INDEX IF NOT EXISTS i ON t (a)",
        "DROP INDEX IF EXISTS i ON t",
        "CREATE OR REPLACE TABLE t (a INT)",
        "CREATE OR REPLACE TRIGGER tr AFTER INSERT ON t FOR EACH ROW SET @a = NEW.a",
        "INSERT INTO t VALUES (1) RETURNING a",
        "CREATE SEQUENCE s START WITH 1",
        "BEGIN NOT ATOMIC IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_name = 't') THEN ALTER TABLE t ADD COLUMN x INT; END IF; END",
        "CREATE TABLE t (a UUID DEFAULT uuid(), b INET6)",
        "RENAME TABLE IF EXISTS a TO b",
        "SELECT a FROM t OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY",
    ] {
        takes(Backend::Mariadb, text);
        refuses(Backend::Mysql, text);
    }
}

#[test]
fn forms_of_mysql() {
    for text in [
        "CREATE INDEX i ON t ((lower(a)))",
        "SELECT a->'$.x', b->>'$.y' FROM t",
        "INSERT INTO t (a) VALUES (1) AS new ON DUPLICATE KEY UPDATE a = new.a",
        "ALTER TABLE t ALTER INDEX i INVISIBLE",
        "ALTER TABLE t DROP CHECK c",
    ] {
        takes(Backend::Mysql, text);
        refuses(Backend::Mariadb, text);
    }
    refuses(Backend::Mysql, "CREATE TABLE t (rank INT)");
    takes(Backend::Mysql, "CREATE TABLE t (`rank` INT)");
    takes(Backend::Mariadb, "CREATE TABLE t (rank INT)");
}

#[test]
fn what_neither_takes() {
    for text in [
        "CREATE TABLE t (a INT,)",
        "CREATE TABLE t (a VARCHAR)",
        "CREATE TABLE t (a SERIAL8)",
        "CREATE TABLE t (a TIMESTAMPTZ)",
        "CREATE TABLE t (\"a\" INT)",
        "CREATE TABLE t (a INT AUTOINCREMENT)",
        "CREATE TABLE t (a INT, key INT)",
        "CREATE TABLE t (a INT) ENGIN=InnoDB",
        "CREATE TABLE t",
        "ALTER TABLE t ADD COLUMN a",
        "ALTER TABLE t ALTER COLUMN a TYPE INT",
        "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES b",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "CREATE INDEX i ON t (a) WHERE a > 1",
        "CREATE INDEX ON t (a)",
        "DROP INDEX i",
        "DROP TABLE t u",
        "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
        "INSERT INTO t (a) VALUES (1",
        "UPDATE t SET a = 1 FROM u WHERE u.x = t.x",
        "UPDATE t a = 1",
        "DELETE t WHERE a = 1",
        "SELECT a FROM (SELECT 1)",
        "SELECT a::int FROM t",
        "SELECT FROM t",
        "SELECT 1 FROM t WHERE",
        "CREATE EXTENSION pgcrypto",
        "CREATE TYPE x AS ENUM ('a')",
        "COMMENT ON TABLE t IS 'x'",
        "DO $$ BEGIN END $$",
        "PRAGMA foreign_keys = OFF",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        "CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW SET @a = OLD.a",
        "CREATE PROCEDURE p() BEGIN SELECT 1 END",
        "SELECT 'open",
        "SELECT /* open",
    ] {
        refuses(Backend::Mysql, text);
        refuses(Backend::Mariadb, text);
    }
}

#[test]
fn the_clients_delimiter_is_named_and_hides_nothing() {
    let text = "DELIMITER //\nCREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.x = 1; END//\nDELIMITER ;\nSELECT 1;\n";
    let parsed = on(Backend::Mariadb, text);
    let rules: Vec<&str> = parsed.errors.iter().map(|e| e.rule).collect();
    assert_eq!(rules, ["psql-command", "psql-command"]);
    assert_eq!(parsed.statements.iter().filter(|s| s.change.is_some()).count(), 2);
    let glued = "DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\n";
    assert_eq!(on(Backend::Mysql, glued).errors.len(), 1);
}

#[test]
fn what_is_sent_of_a_comment_that_is_code_is_whole() {
    let text = "CREATE TABLE t (a INT) /*!50100 PARTITION BY HASH (a) */;\n/*!40101 SET NAMES utf8 */;";
    let parsed = on(Backend::Mysql, text);
    let sent: Vec<&str> = parsed.statements.iter().map(|s| &text[s.span.range()]).collect();
    assert_eq!(sent, ["CREATE TABLE t (a INT) /*!50100 PARTITION BY HASH (a) */", "/*!40101 SET NAMES utf8 */"]);
    // What is MySQL's alone is a comment to MariaDB.
    assert_eq!(on(Backend::Mariadb, "/*!80000 nonsense */ SELECT 1").errors, Vec::new());
    assert_eq!(on(Backend::Mysql, "/*M!100500 nonsense */ SELECT 1").errors, Vec::new());
}

#[test]
fn older_servers_have_less() {
    let on = |backend, version, text: &str| {
        parse(text, of_server(backend, Some(version))).errors.into_iter().map(|e| e.rule).collect::<Vec<_>>()
    };
    assert_eq!(on(Backend::Mariadb, (10, 6), "CREATE TABLE t (a UUID)"), ["newer-than-server"]);
    assert!(on(Backend::Mariadb, (10, 11), "CREATE TABLE t (a UUID)").is_empty());
    assert_eq!(on(Backend::Mysql, (8, 4), "CREATE VIEW IF NOT EXISTS v AS SELECT 1"), ["newer-than-server"]);
    assert!(on(Backend::Mysql, (9, 2), "CREATE VIEW IF NOT EXISTS v AS SELECT 1").is_empty());
}
