-- Routines that share a name, and what is said of their arguments.
CREATE FUNCTION f(a text, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';

CREATE FUNCTION f(a text, b text, c int, d interval) RETURNS int LANGUAGE sql AS 'SELECT 2';

DROP FUNCTION f;

DROP FUNCTION IF EXISTS f(text, text, int);

DROP FUNCTION f(text, text, int);

DROP FUNCTION IF EXISTS f(a text, b text, c int, d interval);

DROP FUNCTION f(text, text, int, interval);

DROP FUNCTION f;

CREATE FUNCTION g(a int, OUT b int) LANGUAGE sql AS 'SELECT 1';

DROP FUNCTION g(int, int);

ALTER FUNCTION g(int, int) RENAME TO h;

DROP FUNCTION g(int, OUT int);

CREATE FUNCTION k(int, OUT b int) LANGUAGE sql AS 'SELECT 1';

DROP FUNCTION k(int);

CREATE PROCEDURE p(a int, INOUT b int) LANGUAGE sql AS 'SELECT 1';

DROP PROCEDURE p(int);

DROP PROCEDURE p(int, int);

-- since 14
CREATE PROCEDURE p(a int, OUT b int) LANGUAGE sql AS 'SELECT 1';

-- since 14
DROP PROCEDURE p(int, int);

-- since 14
CREATE PROCEDURE p(a int, OUT b int) LANGUAGE sql AS 'SELECT 1';

-- since 14
DROP ROUTINE p(int, OUT int);
