CREATE TABLE {{ schema }}.users (id int);
GRANT SELECT ON ${TABLE} TO @role@;
