//! What of a snapshot is restored, by object.

use crate::object::ObjectId;
use crate::plan::select::Selected;

/// What is done with each object.
#[derive(Debug)]
pub(crate) struct Chosen {
    keep: Vec<bool>,
    data: Vec<bool>,
    statistics: Vec<bool>,
}

impl Chosen {
    pub(crate) fn new(selected: &Selected) -> Self {
        Self { keep: selected.keep.clone(), data: selected.data.clone(), statistics: selected.statistics.clone() }
    }

    /// True if its definition is run.
    pub(crate) fn keeps(&self, id: ObjectId) -> bool {
        is_set(&self.keep, id)
    }

    /// True if its rows or its position are set.
    pub(crate) fn has_rows(&self, id: ObjectId) -> bool {
        is_set(&self.data, id)
    }

    /// True if anything of it is restored.
    pub(crate) fn wants(&self, id: ObjectId) -> bool {
        self.keeps(id) || self.has_rows(id) || is_set(&self.statistics, id)
    }

    /// Nothing of it is restored.
    pub(crate) fn leave_out(&mut self, id: ObjectId) {
        for wanted in [&mut self.keep, &mut self.data, &mut self.statistics] {
            if let Some(wanted) = wanted.get_mut(id.0 as usize) {
                *wanted = false;
            }
        }
    }

    /// Nothing that the planner knew is restored.
    pub(crate) fn leave_statistics(&mut self) {
        self.statistics.fill(false);
    }

    /// True if something of what the planner knew is set.
    pub(crate) fn any_statistics(&self) -> bool {
        self.statistics.contains(&true)
    }

    /// Whether definitions are run, by object.
    pub(crate) fn definitions(&self) -> &[bool] {
        &self.keep
    }

    /// Whether rows or positions are set, by object.
    pub(crate) fn rows(&self) -> &[bool] {
        &self.data
    }

    /// Whether what the planner knew is set, by object.
    pub(crate) fn statistics(&self) -> &[bool] {
        &self.statistics
    }
}

fn is_set(wanted: &[bool], id: ObjectId) -> bool {
    wanted.get(id.0 as usize).copied().unwrap_or_default()
}
