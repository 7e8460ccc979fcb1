// Drives a Jira with npm's `jira.js`, a client that nobody here wrote, through the flows a sync relies on: version 5 on
// both kinds, version 6 on Cloud, where it checks every answer against its own schemas.
// It starts nothing: where and as whom comes from the environment, as for pycontribs.py. The last line is `done: N steps`.

import { Version2Client, Version3Client } from 'jira.js';
import { createCloudClient } from 'jira.js-6';

const { JIRA_URL: host, JIRA_USER: email, JIRA_TOKEN: token, JIRA_PROJECT: project, JIRA_ISSUE_TYPE: type } = process.env;
const cloud = process.env.JIRA_KIND === 'cloud';
let steps = 0;

function step(name, holds, seen) {
  if (!holds) {
    console.error(`failed: ${name}: ${JSON.stringify(seen)}`);
    process.exit(1);
  }
  steps += 1;
  console.log(`ok: ${name}`);
}

async function refused(promise, status) {
  try {
    await promise;
  } catch (error) {
    const seen = error.status ?? error.response?.status ?? error.cause?.response?.status;
    if (seen !== status) console.error(error);
    return seen === status;
  }
  return false;
}

const document = text => ({
  type: 'doc',
  version: 1,
  content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});
const rich = text => (cloud ? document(text) : text);

async function five() {
  const authentication = cloud ? { basic: { email, apiToken: token } } : { oauth2: { accessToken: token } };
  const jira = cloud ? new Version3Client({ host, authentication }) : new Version2Client({ host, authentication });

  const info = await jira.serverInfo.getServerInfo();
  step('server info', Boolean(info.baseUrl), info);
  const me = await jira.myself.getCurrentUser();
  step('log in', Boolean(cloud ? me.accountId : me.name), me);
  const fields = await jira.issueFields.getFields();
  step('fields', fields.some(field => field.id === 'summary'), fields);
  const permissions = await jira.permissions.getMyPermissions({ projectKey: project, permissions: cloud ? 'EDIT_ISSUES' : undefined });
  step('permissions', permissions.permissions.EDIT_ISSUES.havePermission === true, permissions);

  const made = await jira.issues.createIssue({
    fields: { project: { key: project }, issuetype: { name: type }, summary: 'From five', description: rich('Text'), labels: ['one'] },
    properties: [{ key: 'mark', value: { made: 'five' } }],
  });
  step('create', made.key.startsWith(`${project}-`), made);
  const issueIdOrKey = made.key;
  await jira.issues.editIssue({ issueIdOrKey, fields: { summary: 'Edited by five' }, update: { labels: [{ add: 'two' }] } });
  const issue = await jira.issues.getIssue({ issueIdOrKey, expand: cloud ? ['changelog'] : 'changelog', properties: ['mark'] });
  step('edit, and read right after it', issue.fields.summary === 'Edited by five', issue);
  step('changelog', issue.changelog.histories.some(entry => entry.items.some(item => item.field === 'labels')), issue.changelog);
  step('property of the create', issue.properties.mark.made === 'five', issue.properties);

  const { transitions } = await jira.issues.getTransitions({ issueIdOrKey, expand: 'transitions.fields' });
  const target = transitions.find(one => one.to.name !== issue.fields.status.name);
  await jira.issues.doTransition({ issueIdOrKey, transition: { id: Number(target.id) } });
  const moved = await jira.issues.getIssue({ issueIdOrKey, fields: ['status'] });
  step('transition by a number', moved.fields.status.name === target.to.name, moved);

  const comment = cloud
    ? await jira.issueComments.addComment({ issueIdOrKey, comment: document('Hello') })
    : await jira.issueComments.addComment({ issueIdOrKey, comment: 'Hello' });
  const list = await jira.issueComments.getComments({ issueIdOrKey });
  step('comment', list.comments.some(one => one.id === comment.id), list);
  await jira.issueComments.deleteComment({ issueIdOrKey, id: comment.id });
  step('comment deleted', (await jira.issueComments.getComments({ issueIdOrKey })).total === 0);

  await jira.issueProperties.setIssueProperty({ issueIdOrKey, propertyKey: 'other', propertyValue: { n: 1 } });
  const keys = await jira.issueProperties.getIssuePropertyKeys({ issueIdOrKey });
  step('properties', ['mark', 'other'].every(key => keys.keys.some(one => one.key === key)), keys);
  await jira.issueProperties.deleteIssueProperty({ issueIdOrKey, propertyKey: 'other' });
  step('property deleted', await refused(jira.issueProperties.getIssueProperty({ issueIdOrKey, propertyKey: 'other' }), 404));

  const jql = `project = ${project} AND summary ~ five ORDER BY created DESC`;
  const found = cloud
    ? await jira.issueSearch.searchForIssuesUsingJqlEnhancedSearchPost({ jql, fields: ['summary'], reconcileIssues: [Number(made.id)] })
    : await jira.issueSearch.searchForIssuesUsingJqlPost({ jql, fields: ['summary'] });
  step('search', found.issues.some(one => one.id === made.id), found);
  const bad = 'project = = nothing';
  const asked = cloud
    ? jira.issueSearch.searchForIssuesUsingJqlEnhancedSearch({ jql: bad })
    : jira.issueSearch.searchForIssuesUsingJql({ jql: bad });
  step('a query that is none', await refused(asked, 400));
  if (cloud) {
    const log = await jira.issues.getChangeLogs({ issueIdOrKey });
    step('changelog by pages', log.values.length >= 2 && log.isLast === true, log);
    step('the old search is gone', await refused(jira.issueSearch.searchForIssuesUsingJql({ jql }), 410));
  }
  await jira.issues.deleteIssue({ issueIdOrKey });
  step('delete', await refused(jira.issues.getIssue({ issueIdOrKey }), 404));
}

async function six() {
  const jira = createCloudClient({ host, auth: { type: 'basic', email, apiToken: token }, onSchemaMismatch: 'throw' });

  const me = await jira.myself.getCurrentUser();
  step('6: log in', Boolean(me.accountId), me);
  step('6: server info', (await jira.serverInfo.getServerInfo()).deploymentType === 'Cloud');
  step('6: fields', (await jira.issueFields.getFields()).some(field => field.id === 'summary'));
  const known = await jira.projects.getProject({ projectIdOrKey: project });
  step('6: project', known.key === project, known);
  const permissions = await jira.permissions.getMyPermissions({ projectKey: project, permissions: 'BROWSE_PROJECTS' });
  step('6: permissions', permissions.permissions.BROWSE_PROJECTS.havePermission === true, permissions);
  const types = await jira.issues.getCreateIssueMetaIssueTypes({ projectIdOrKey: project });
  const kind = (types.issueTypes ?? types.createMetaIssueType).find(one => one.name === type);
  step('6: issue types', Boolean(kind), types);
  await jira.issues.getCreateIssueMetaIssueTypeId({ projectIdOrKey: project, issueTypeId: kind.id });
  step('6: create fields', true);

  const made = await jira.issues.createIssue({
    fields: { project: { key: project }, issuetype: { name: type }, summary: 'From six', description: document('Text') },
  });
  const issueIdOrKey = made.key;
  await jira.issues.editIssue({ issueIdOrKey, fields: { summary: 'Edited by six', labels: ['a'] } });
  const issue = await jira.issues.getIssue({ issueIdOrKey, expand: 'changelog' });
  step('6: edit, and read right after it', issue.fields.summary === 'Edited by six', issue);
  const { transitions } = await jira.issues.getTransitions({ issueIdOrKey, expand: 'transitions.fields' });
  const target = transitions.find(one => one.to.name !== issue.fields.status.name);
  await jira.issues.doTransition({ issueIdOrKey, transition: { id: target.id } });
  const log = await jira.issues.getChangeLogs({ issueIdOrKey });
  step('6: changelog', log.values.some(entry => entry.items.some(item => item.field === 'status')), log);
  const bulk = await jira.issues.bulkFetchIssues({ issueIdsOrKeys: [issueIdOrKey], fields: ['summary'] });
  step('6: bulk fetch', bulk.issues.length === 1, bulk);
  const logs = await jira.issues.getBulkChangelogs({ issueIdsOrKeys: [issueIdOrKey] });
  step('6: bulk changelogs', logs.issueChangeLogs.length === 1, logs);
  await jira.issues.getEditIssueMeta({ issueIdOrKey });
  step('6: edit fields', true);

  const comment = await jira.issueComments.addComment({ issueIdOrKey, body: document('Hello') });
  await jira.issueComments.updateComment({ issueIdOrKey, id: comment.id, body: { body: document('Hello again') } });
  const list = await jira.issueComments.getComments({ issueIdOrKey });
  step('6: comments', list.comments.length === 1, list);
  const wiki = await jira.issueComments.addComment({ issueIdOrKey, body: 'Some *bold* words' });
  step('6: comment as wiki markup', Boolean(wiki.id), wiki);

  await jira.issueProperties.setIssueProperty({ issueIdOrKey, propertyKey: 'mark', body: { n: 1 } });
  const property = await jira.issueProperties.getIssueProperty({ issueIdOrKey, propertyKey: 'mark' });
  step('6: property', property.value.n === 1, property);
  const jql = `project = ${project} AND summary ~ six`;
  const found = await jira.issueSearch.searchAndReconsileIssuesUsingJqlPost({ jql, fields: ['*all'], reconcileIssues: [Number(made.id)] });
  step('6: search', found.issues.some(one => one.id === made.id), found);
  const count = await jira.issueSearch.countIssues({ jql });
  step('6: count', count.count >= 1, count);
  const users = await jira.userSearch.findAssignableUsers({ project });
  step('6: users', users.some(user => user.accountId === me.accountId), users);
  await jira.issues.deleteIssue({ issueIdOrKey });
  step('6: delete', await refused(jira.issues.getIssue({ issueIdOrKey }), 404));
}

await five();
if (cloud) await six();
console.log(`done: ${steps} steps`);
