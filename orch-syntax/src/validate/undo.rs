//! Where a step may have an `undo`, and where a saga may stand.

use super::undoes::{By, Undoes};
use super::{Walk, settles_block};
use crate::ast::{Block, Undo};
use crate::blocks::Undos;

impl Walk<'_> {
    /// Looks at a block as what stands around undos, and gives what was around it.
    pub(super) fn enters(&mut self, block: &Block) -> Undoes {
        let outside = self.undos.clone();
        let keyword = block.spec.keyword;
        let inside = &mut self.undos;
        match block.spec.undos {
            Undos::Own => {
                if let Some(by) = outside.dropped_by.as_deref()
                    && self.structure_is_sure()
                {
                    let message = format!(
                        "`{by}` drops what is inside it, and a saga that is dropped undoes nothing; \
                         put the `{by}` inside the `{keyword}`"
                    );
                    self.errors.at(block.keyword.span(), message);
                }
                self.undos = Undoes { by: By::Saga, dropped_by: None };
            }
            _ if matches!(inside.by, By::Saga) && settles_block(block) => {
                inside.by = By::GoesOn(keyword.to_owned());
            }
            Undos::GoesOn if matches!(inside.by, By::Saga) => inside.by = By::GoesOn(keyword.to_owned()),
            Undos::GoesOn | Undos::Pass => {}
            Undos::CutsShort => inside.dropped_by = Some(keyword.to_owned()),
            Undos::DropsLosers => {
                inside.dropped_by = Some(keyword.to_owned());
                if !matches!(inside.by, By::Nobody) {
                    inside.by = By::DropsLosers(keyword.to_owned());
                }
            }
        }
        outside
    }

    /// A step with an undo, and the undo, which is a step outside of all around. It sees what the step's output is named.
    pub(super) fn undo(&mut self, undo: &mut Undo, names: &[String]) {
        let word = &undo.word;
        let what = match &self.undos.by {
            By::Saga => None,
            By::Nobody => {
                Some(format!("`{word}` needs `saga < … >` around it; a task of that name is `r#{word}`"))
            }
            By::GoesOn(keyword) => Some(format!(
                "`{keyword}` goes on after a failure, when this is to be undone already; write `{keyword} < saga < … {word} … > >`"
            )),
            By::DropsLosers(keyword) => Some(format!(
                "`{keyword}` drops what it does not need, with what that has done; write the `{word}` after the `{keyword}`"
            )),
        };
        if let Some(message) = what
            && self.structure_is_sure()
        {
            self.errors.at(word.span(), message);
        }
        self.step(&mut undo.step);
        // What it is given is the step's output.
        let outside = (std::mem::take(&mut self.undos), self.piped);
        self.piped = super::Piped::Value;
        let before = self.named.len();
        self.named.extend_from_slice(names);
        self.step(&mut undo.undo);
        self.named.truncate(before);
        (self.undos, self.piped) = outside;
    }
}
