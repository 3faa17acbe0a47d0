SELECT 1 /* a /* b */ c */ -- d
, U&"d!0061t" UESCAPE '!', E'\x41\'', B'01', $a$ $b$ $a$, 1e9, .5, 0x1F, a->>'b', x::int[][];
