//! `cargo glowplug explain`.

use std::fmt::Write;

use clap::Args;
use glowplug_analysis::{Group, Level, rules};

use crate::{Failure, Outcome};

#[derive(Args)]
pub(crate) struct Explain {
    /// The rule's id, as it stands below an error
    rule: Option<String>,
}

impl Explain {
    pub(crate) fn run(self) -> Outcome {
        let Some(id) = self.rule else {
            crate::print(&list())?;
            return Ok(true);
        };
        let Some(rule) = rules::find(&id) else {
            let hint = match rules::suggest(&id) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`cargo glowplug explain` lists them".to_owned(),
            };
            return Err(Failure::Said(format!("there is no rule `{id}`; {hint}")));
        };
        crate::print(&format!("{}\n", rule.page.trim_end()))?;
        Ok(true)
    }
}

fn list() -> String {
    let width = rules::ALL.iter().map(|r| r.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for group in Group::ALL {
        let _ = writeln!(text, "{}", group.as_str());
        for rule in rules::ALL.iter().filter(|r| r.group == group) {
            let level = match rule.default {
                Level::Deny => "error",
                Level::Warn => "warning",
                Level::Allow => "off",
            };
            let _ = writeln!(text, "  {:width$}  {level:7}  {}", rule.id, rule.summary());
        }
        text.push('\n');
    }
    text.push_str("`cargo glowplug explain RULE` prints a rule's page.\n");
    text
}
