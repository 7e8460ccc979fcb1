//! A list that is read page by page by its place. Must never be called whole when an element may have been pushed out of sight
//! between two pages.

use std::collections::BTreeSet;

use super::Failure;
use crate::model::ids::IssueId;

/// How often a list that changes while it is read is begun anew.
const TRIES: usize = 4;

/// More elements than these are read of no list: they would fill the memory, and Jira takes far fewer (5,000 comments or worklogs of an
/// issue, jira-facts 5). A server that counts nothing and ignores where a page begins sends them without end.
const MOST: usize = 50_000;

/// More pages than these are read of no list: of an issue's comments come a hundred in one, and whoever gives a few at a time has few.
const MOST_PAGES: usize = 1_000;

/// Pages in a row that bring nothing new before a walk is given up.
const IDLE: u8 = 10;

/// What a walk over pages met: so that pages which lead in a circle end it.
#[derive(Debug, Default)]
pub struct Trail {
    met: BTreeSet<IssueId>,
    idle: u8,
}

impl Trail {
    /// Takes note of a page. Says whether to go on: not after ten pages that brought nothing new.
    pub fn leads_on(&mut self, page: impl IntoIterator<Item = IssueId>) -> bool {
        let before = self.met.len();
        self.met.extend(page);
        self.idle = if self.met.len() > before { 0 } else { self.idle + 1 };
        self.idle < IDLE
    }

    /// Whether an issue was met.
    #[must_use]
    pub fn has_met(&self, issue: IssueId) -> bool {
        self.met.contains(&issue)
    }

    /// How many issues were met.
    #[must_use]
    pub fn len(&self) -> usize {
        self.met.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.met.is_empty()
    }

    /// What is said of pages that lead nowhere.
    #[must_use]
    pub fn lost(&self) -> Failure {
        Failure::Unreadable(format!("{IDLE} pages in a row brought nothing new: they lead in a circle"))
    }
}

/// What of a list was read.
pub(super) struct Pages<T> {
    /// In the plural: "comments".
    what: &'static str,
    /// Elements of one page; `None` where all come in one answer.
    size: Option<usize>,
    all: Vec<T>,
    total: Option<usize>,
    tries: usize,
    so_far: SoFar,
}

impl<T> Pages<T> {
    pub(super) fn new(what: &'static str, size: Option<usize>) -> Self {
        Self { what, size, all: Vec::new(), total: None, tries: 0, so_far: SoFar::of(what) }
    }

    /// Where the next page begins.
    pub(super) fn start(&self) -> usize {
        self.all.len()
    }

    /// Takes the page that begins there. Says whether the list is whole now.
    ///
    /// # Errors
    /// The list changes again and again, or ends before its own total.
    pub(super) fn take(&mut self, page: Vec<T>, total: Option<usize>) -> Result<bool, Failure> {
        let count = page.len();
        // One that comes or goes between two pages pushes another out of sight: what is read then is no whole list.
        if !self.all.is_empty() && total != self.total {
            self.tries += 1;
            if self.tries == TRIES {
                return Err(Failure::Unreadable(format!("the list changed {TRIES} times while it was read")));
            }
            (self.all, self.total) = (Vec::new(), None);
            return Ok(false);
        }
        self.total = total;
        self.all.extend(page);
        let read = self.all.len();
        self.so_far.take(count)?;
        if total.is_some_and(|total| total > MOST) {
            return Err(self.so_far.too_many());
        }
        match (total, self.size) {
            (Some(total), size) if read < total && (count == 0 || size.is_none()) => {
                Err(Failure::Unreadable(format!("{read} of {total} {} came, and no more", self.what)))
            }
            (Some(total), _) => Ok(read >= total),
            // A page may hold fewer than were asked for, so a short one is no end.
            (None, size) => Ok(size.is_none() || count == 0),
        }
    }

    pub(super) fn whole(self) -> Vec<T> {
        self.all
    }
}

/// How much of a list came, so that one without end is given up.
pub(super) struct SoFar {
    /// In the plural: "comments".
    what: &'static str,
    elements: usize,
    pages: usize,
}

impl SoFar {
    pub(super) fn of(what: &'static str) -> Self {
        Self { what, elements: 0, pages: 0 }
    }

    /// Counts a page with so many elements.
    ///
    /// # Errors
    /// It is more than is read of any list.
    pub(super) fn take(&mut self, elements: usize) -> Result<(), Failure> {
        (self.elements, self.pages) = (self.elements + elements, self.pages + 1);
        if self.elements > MOST || self.pages > MOST_PAGES { Err(self.too_many()) } else { Ok(()) }
    }

    /// What is said of it.
    pub(super) fn too_many(&self) -> Failure {
        let what = self.what;
        Failure::Unreadable(format!(
            "there are more than {MOST} {what}, or {MOST_PAGES} pages of them: that has no end"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_027_a_list_without_end_is_given_up() {
        let mut pages = Pages::new("comments", Some(2));
        let end = (0..MOST).find_map(|_| pages.take(vec![1, 2], None).err());
        assert!(matches!(&end, Some(Failure::Unreadable(why)) if why.contains("comments, or 1000 pages")), "{end:?}");
        assert_eq!(pages.start(), 2 * (MOST_PAGES + 1));
        let mut large = Pages::new("comments", Some(10_000));
        assert_eq!((0..9).find(|_| large.take(vec![1; 10_000], None).is_err()), Some(5));
        let at_once = Pages::new("worklogs", Some(2)).take(vec![1, 2], Some(1_000_000));
        assert!(at_once.is_err(), "nothing of it is read that cannot be read whole");
    }

    #[test]
    fn a_list_is_whole_at_its_total_or_at_an_empty_page() {
        let mut pages = Pages::new("comments", Some(2));
        assert_eq!(pages.take(vec![1, 2], Some(3)), Ok(false));
        assert_eq!(pages.start(), 2);
        assert_eq!(pages.take(vec![3], Some(3)), Ok(true));
        assert_eq!(pages.whole(), [1, 2, 3]);
        let mut pages = Pages::new("comments", Some(2));
        assert_eq!(pages.take(vec![1, 2], None), Ok(false));
        assert_eq!(pages.take(vec![3], None), Ok(false), "the server's own limit may be lower than ours");
        assert_eq!(pages.take(vec![], None), Ok(true));
    }

    #[test]
    fn one_that_changes_meanwhile_is_begun_anew_and_given_up_in_the_end() {
        let mut pages = Pages::new("comments", Some(2));
        assert_eq!(pages.take(vec![1, 2], Some(3)), Ok(false));
        assert_eq!(pages.take(vec![4], Some(4)), Ok(false));
        assert_eq!(pages.start(), 0);
        for total in 5..7 {
            assert_eq!(pages.take(vec![1, 2], Some(total)), Ok(false));
            assert_eq!(pages.take(vec![3, 4], Some(total + 10)), Ok(false));
        }
        assert_eq!(pages.take(vec![1, 2], Some(9)), Ok(false));
        assert!(pages.take(vec![3, 4], Some(10)).is_err());
    }

    #[test]
    fn pages_that_lead_in_a_circle_are_left_after_a_while() {
        let mut trail = Trail::default();
        assert!(trail.leads_on([IssueId(1), IssueId(2)]));
        for _ in 1..IDLE {
            assert!(trail.leads_on([]), "an empty page may lead on");
        }
        assert!(!trail.leads_on([IssueId(1)]));
        assert!(trail.leads_on([IssueId(3)]));
    }

    #[test]
    fn one_that_ends_too_soon_is_no_list() {
        let mut pages = Pages::new("comments", Some(2));
        assert_eq!(pages.take(vec![1, 2], Some(3)), Ok(false));
        assert!(pages.take(vec![], Some(3)).is_err());
        assert!(Pages::new("worklogs", None).take(vec![1], Some(2)).is_err());
    }
}
