//! Small breaks of SQL, as a tired person makes them: the same ones for the same seed.

/// A broken text.
pub(crate) struct Mutant {
    /// How it was broken.
    pub(crate) kind: &'static str,
    /// What was broken.
    pub(crate) what: String,
    /// The whole text.
    pub(crate) sql: String,
    /// Whether it stands in the body of a function or a block.
    pub(crate) in_body: bool,
}

/// A typo in one of these is one in a keyword.
const KEYWORDS: &str = " add after all alter always and any array as asc before begin by cascade case cast check column comment commit \
    concurrently conflict constraint create cross current_timestamp data default deferrable delete desc distinct do domain drop each else \
    end enum except execute exists extension false for foreign from full function generated grant group having identity if in index inner \
    insert instead into is join key language left like limit materialized not nothing null of on only or order outer owner partition policy \
    primary procedure references rename replace restrict returning returns revoke right role row rows schema security select sequence set \
    statement stored table temporary then to trigger true truncate type union unique update using validate valid value values view when where with ";

/// Up to `per` breaks of each kind, three times as many of names.
pub(crate) fn of(sql: &str, per: usize, seed: u64) -> Vec<Mutant> {
    let tokens = tokens(sql);
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let is_word = |t: &&str| t.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_keyword = |t: &str| KEYWORDS.contains(&format!(" {} ", t.to_ascii_lowercase()));
    let places = |wanted: &dyn Fn(&str) -> bool| (0..tokens.len()).filter(|i| wanted(tokens[*i])).collect::<Vec<_>>();
    let words = places(&|t| is_word(&t));
    let (keywords, mut names): (Vec<usize>, Vec<usize>) = words.iter().partition(|i| is_keyword(tokens[**i]));
    names.extend(places(&|t| t.starts_with('"')));
    let punctuation = places(&|t| matches!(t, "," | "(" | ")"));
    let statements = statements(&tokens);
    let mut mutants = Vec::new();
    let mut add = |kind, at: usize, what: &str, pieces: Vec<&str>| {
        let sql = pieces.concat();
        let in_body = tokens[..at].iter().filter(|t| t.starts_with('$')).count() % 2 == 1;
        if !sql.trim().is_empty() {
            mutants.push(Mutant { kind, what: what.trim().to_owned(), sql, in_body });
        }
    };
    let with = |at: usize, other: &str| {
        [&tokens[..at], &[other], &tokens[at + 1..]].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (kind, pool, count) in [("typo in a name", &names, 3 * per), ("typo in a keyword", &keywords, per)] {
        for at in dice.some(pool, count) {
            let broken = with(at, &dice.typo(tokens[at]));
            add(kind, at, tokens[at], broken.iter().map(String::as_str).collect());
        }
    }
    for (kind, pool) in [("dropped punctuation", &punctuation), ("dropped word", &words)] {
        for at in dice.some(pool, per) {
            add(kind, at, tokens[at], [&tokens[..at], &[" "], &tokens[at + 1..]].concat());
        }
    }
    let all: Vec<usize> = (0..statements.len()).collect();
    for at in dice.some(&all, if all.len() > 1 { per } else { 0 }) {
        let (from, to) = statements[at];
        add("dropped statement", from, &tokens[from..to].concat(), [&tokens[..from], &tokens[to..]].concat());
    }
    for at in dice.some(&all, per) {
        let (from, to) = statements[at];
        add("doubled statement", from, &tokens[from..to].concat(), [&tokens[..to], &["\n"], &tokens[from..]].concat());
    }
    mutants
}

/// The ranges of tokens that end with a semicolon.
fn statements(tokens: &[&str]) -> Vec<(usize, usize)> {
    let mut from = 0;
    let ends = (0..tokens.len()).filter(|i| tokens[*i] == ";");
    ends.map(|end| (std::mem::replace(&mut from, end + 1), end + 1)).collect()
}

/// Words, quoted things and comments whole, everything else a character each. A dollar-quoted body is cut like the rest:
/// it has statements of its own.
fn tokens(sql: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let until = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |n| from + n + end.len());
        let length = match first {
            '\'' | '"' => until(&first.to_string(), 1),
            '-' if rest.starts_with("--") => until("\n", 0),
            '/' if rest.starts_with("/*") => until("*/", 0),
            '$' => until("$", 1),
            c if c.is_alphanumeric() || c == '_' => {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len())
            }
            c => c.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = &rest[length..];
    }
    tokens
}

/// The same numbers in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn some(&mut self, pool: &[usize], count: usize) -> Vec<usize> {
        let mut pool = pool.to_vec();
        let count = count.min(pool.len());
        (0..count).map(|_| pool.swap_remove(self.below(pool.len()))).collect()
    }

    /// Two letters that changed places, or one that came twice.
    fn typo(&mut self, word: &str) -> String {
        let quoted = word.starts_with('"');
        let mut letters: Vec<char> = word.trim_matches('"').chars().collect();
        let at = if letters.len() < 3 { 0 } else { 1 + self.below(letters.len() - 2) };
        match letters.get(at + 1) {
            Some(next) if letters.len() > 2 && !next.eq_ignore_ascii_case(&letters[at]) => letters.swap(at, at + 1),
            _ => letters.push('x'),
        }
        let word: String = letters.into_iter().collect();
        if quoted { format!("\"{word}\"") } else { word }
    }
}
