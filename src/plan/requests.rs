//! Request types that a side has by name and an issue there cannot have. Must never write one that Jira would have to refuse.

use super::{Draft, place};
use crate::mapping::{Unmappable, outbound};
use crate::model::catalog::Shape;
use crate::model::ids::SideId;
use crate::model::issue::NativeValue;
use crate::model::settings::{FieldKind, FieldRow};

/// Why a value cannot be written as a request type; `None` where it can, or is none. `issue_type`: what the issue is there, or
/// becomes by the same write.
pub(super) fn hindered(
    draft: &mut Draft<'_>,
    row: &FieldRow,
    side: &SideId,
    native: &NativeValue,
    issue_type: Option<&str>,
) -> Option<Unmappable> {
    let NativeValue::Named(named) = native else { return None };
    if place(draft.input, &draft.nothing, row, side).shape() != Some(Shape::Request) {
        return None;
    }
    let catalog = draft.catalog(side);
    let found = catalog.requests.iter().find(|request| request.name == named.name).cloned();
    let kind = issue_type.and_then(|name| catalog.issue_types.iter().find(|kind| kind.name == name)).cloned();
    let fits = match (found.as_ref().and_then(|request| request.issue_type.as_ref()), &kind) {
        (Some(wanted), Some(kind)) => *wanted == kind.id,
        (None, _) | (_, None) => true,
    };
    if named.id.is_empty() {
        draft.plan.lacking.insert(side.clone());
        return Some(Unmappable {
            why: format!(
                "Jira does not tell on side `{side}` under which key it takes the request type `{}`",
                named.name
            ),
            remedy: "let the sync user see the service desk and find the type in JQL; it is looked for again"
                .to_owned(),
            may_pass: true,
        });
    }
    if fits {
        return None;
    }
    let kind = kind.map(|kind| kind.name).unwrap_or_default();
    Some(Unmappable {
        why: format!("the request type `{}` is not one of the issue type `{kind}` on side `{side}`", named.name),
        remedy: "map it to one that is (`values`), map the issue type with it, or change either by hand".to_owned(),
        may_pass: true,
    })
}

/// What type an issue is of on a side, once the type that is agreed is written.
pub(super) fn issue_type(draft: &Draft<'_>, side: &SideId) -> Option<String> {
    let row = draft.input.sync.fields.values().find(|row| row.kind == FieldKind::IssueType);
    let row = row.filter(|row| row.sides.contains_key(side))?;
    let there = draft.plan.item.replicas.get(side).and_then(|replica| replica.bases.get(&row.name)?.native.clone());
    let agreed = super::agreed_for(&draft.plan.item, draft.input.sync, row, side);
    match agreed.map(|agreed| outbound(&place(draft.input, &draft.nothing, row, side), &agreed.value)) {
        Some(Ok(NativeValue::Named(named))) => Some(named.name),
        Some(_) | None => there,
    }
}
