//! Questions before something that cannot be undone.

use super::output::Stop;
use std::io::IsTerminal as _;

/// What is asked.
pub(super) enum Question<'a> {
    /// Yes or no.
    Sure,
    /// This word has to be typed.
    Type(&'a str),
}

/// Asks on a terminal, behind what is about to happen; without a terminal there is nobody to ask.
pub(super) fn ask(what: &str, question: &Question<'_>) -> Result<(), Stop> {
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !terminal {
        return Err(Stop::usage(format!(
            "{what}\n  = it asks before it does that, and here is no terminal to ask on\n  \
             = next: say it with `--yes`"
        )));
    }
    // Nobody who answers a question is waited for with a progress bar, and Ctrl-C ends the program as it always does.
    eprintln!("{what}");
    let answered = match question {
        Question::Sure => dialoguer::Confirm::new().with_prompt("go on?").default(false).interact(),
        Question::Type(word) => dialoguer::Input::<String>::new()
            .with_prompt(format!("type `{word}` to go on"))
            .allow_empty(true)
            .interact_text()
            .map(|typed| typed.trim() == *word),
    };
    match answered {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::declined()),
        Err(error) => Err(Stop::usage(format!("nothing was done: the question could not be asked ({error})"))),
    }
}
