COPY a (x, y) FROM stdin;
1	one
2	\N
\.
SELECT 1;
