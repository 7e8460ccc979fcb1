//! Where our text code and Atlassian's converter differ, row by row of the table in docs/text.md: which is nearer to what Jira
//! shows, and why. Must never name a row in which the two agree.

/// The row, what is nearer (`ours` or `theirs`), and why.
pub(crate) const REASONS: &[(&str, &str, &str)] = &[
    (
        "taskList, taskItem",
        "ours",
        "the box shows whether it is done, and reads back as the task; theirs strikes a done one through, and an open one is an item like any other",
    ),
    (
        "blockTaskItem",
        "ours",
        "the words, without the box; theirs is an item of JSON, since Data Center has no `{adf}` macro",
    ),
    ("decisionList, decisionItem", "ours", "the sign shows whether it is taken; theirs writes `<>` before both"),
    (
        "{noformat}",
        "theirs",
        "code without a language has no colours on Cloud, nor in `{noformat}`; our `{code}` is coloured as Java, and stays apart from what was `{noformat}`",
    ),
    (
        "panel, custom",
        "ours",
        "the colour stays; theirs writes none, and reads any other colour as the nearest of five kinds: here an error",
    ),
    ("panel with an icon", "ours", "a plain panel; theirs names an empty colour, and reads it back as information"),
    (
        "expand",
        "ours",
        "a box with its title, which reads back as the expand; theirs is a bold line with nothing around",
    ),
    ("nestedExpand", "ours", "the same box within the cell; theirs is JSON in the cell"),
    (
        "table, tableRow, tableHeader, tableCell",
        "ours",
        "a heading cell is bold by itself; theirs makes its words bold too, and gives `||*head*||` back",
    ),
    ("tableCell with spans", "ours", "the table without the span; theirs is the whole table as JSON"),
    ("layoutSection, layoutColumn", "ours", "the columns one below the other; theirs is JSON"),
    (
        "mediaSingle, media by address",
        "ours",
        "the picture as large as it is; theirs makes a thumbnail of it, and 200 by 183 of every picture without a size",
    ),
    (
        "mediaSingle, media of the site, caption",
        "ours",
        "a label with the name; theirs takes ids for names and names for ids where nobody tells it both: an error in place of the picture",
    ),
    ("mediaGroup", "ours", "the same, and a large picture in place of a small file"),
    ("mediaInline", "ours", "the same, and the name is gone"),
    (
        "mention",
        "ours",
        "the name, where nobody says who that is on the other side; theirs writes an account that the other side does not know",
    ),
    ("date", "ours", "the day in the font of its line, as Cloud shows it; theirs is monospaced"),
    (
        "status",
        "ours",
        "its label and colour, and it reads back as the status; theirs is bold text in upper case between brackets",
    ),
    ("placeholder", "ours", "its words; theirs is JSON in the line"),
    ("extension", "ours", "neither side can show it: ours is a label, theirs is JSON"),
    ("bodiedExtension", "ours", "a label and its words; theirs is JSON"),
    ("inlineExtension", "ours", "a label; theirs is JSON in the line"),
    ("syncBlock", "ours", "a label; theirs is JSON"),
    (
        "bodiedSyncBlock",
        "theirs",
        "its words and nothing else, as Cloud shows it; ours has a label above them, by which it is known again",
    ),
    (
        "{anchor}",
        "theirs",
        "Jira shows nothing there; ours shows the macro, so that nobody takes it away without knowing",
    ),
    ("link with a title", "ours", "theirs drops what the link says when pointed at"),
    ("breakout", "theirs", "code without a language, as above"),
    ("border", "ours", "the picture as large as it is; theirs makes a thumbnail of it"),
    ("dataConsumer", "ours", "the same"),
    (
        "??citation??",
        "theirs",
        "Jira shows a dash before it; theirs writes the dash into the text, ours only the italics",
    ),
];
