// Shows the summary that arrives once a second, and says so when it does not.
const staleAfterMs = 3500;
const byId = id => document.getElementById(id);
const whole = new Intl.NumberFormat();
const amounts = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const names = { OrderPlaced: 'Placed', OrderConfirmed: 'Confirmed', OrderCancelled: 'Cancelled' };

let summary = null;
let arrivedAt = 0;

// Text only: nothing that a customer wrote may become markup.
function element(tag, text, className) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (className) node.className = className;
  return node;
}

function figures(list, entries, nothing) {
  list.replaceChildren(...(entries.length ? entries : [[nothing, '–']]).map(([name, value, hint]) => {
    const group = document.createElement('div');
    const figure = element('dd', value);
    if (hint) figure.append(' ', element('small', hint));
    group.append(element('dt', name), figure);
    return group;
  }));
}

function row(event) {
  const tr = document.createElement('tr');
  const order = document.createElement('td');
  order.append(element('code', event.orderId));
  tr.append(
    element('td', clock.format(new Date(event.occurredAt))),
    element('td', names[event.type] ?? event.type),
    order,
    element('td', `${amounts.format(event.total)} ${event.currency}`, 'number'),
    element('td', event.failureCode ?? ''));
  return tr;
}

function show() {
  const events = { OrderPlaced: 0, OrderConfirmed: 0, OrderCancelled: 0, ...summary.events };
  figures(byId('events'), Object.entries(events).map(([type, count]) => [names[type] ?? type, whole.format(count)]));
  figures(byId('money'), summary.confirmedMoney.map(money =>
    [money.currency, amounts.format(money.amount), `${whole.format(money.orders)} orders`]), 'Nothing yet');
  byId('recent').replaceChildren(...summary.recentEvents.map(row));
  const { handled, deadLettered } = summary.consumer;
  byId('consumer').textContent = `${whole.format(handled)} events handled since the start, ${whole.format(deadLettered)} in the dead letters`;
}

const share = new Intl.NumberFormat(undefined, { style: 'percent' });
const inUnit = {
  p99: value => `${whole.format(Math.round(value * 1000))} ms`,
  errors: value => new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 }).format(value),
  slope: value => amounts.format(value),
};

// A signal of the whole fleet, with its limit and its sample for who wants to know.
function signal(service, name) {
  const found = service.signals?.all.find(one => one.signal === name);
  const known = found && found.value !== null;
  const cell = element('td', known ? inUnit[name](found.value) : '–', 'number');
  if (found) cell.title = `limit ${inUnit[name](found.limit)}, of ${whole.format(found.sample)} requests${found.isCrossed ? ', crossed' : ''}`;
  return cell;
}

function level(service) {
  const tr = document.createElement('tr');
  const name = element('td', service.isForced ? `${service.level}, held by ${service.by}` : service.level, 'level');
  name.dataset.level = service.level;
  tr.append(
    element('td', service.service),
    name,
    element('td', share.format(service.normalShare), 'number'),
    signal(service, 'p99'),
    signal(service, 'errors'),
    signal(service, 'slope'),
    element('td', service.since ? clock.format(new Date(service.since)) : ''),
    element('td', service.reason ?? '', 'sentence'));
  return tr;
}

async function showDegradation() {
  try {
    const answer = await fetch('/api/degradation');
    // Without a store that the instances share there is nothing to show.
    byId('degradation-section').hidden = answer.status === 404;
    if (answer.ok) {
      const { services, problem, prometheus } = await answer.json();
      byId('degradation').replaceChildren(...services.map(level));
      byId('degradation-hint').textContent = problem
        ? `May be out of date: ${problem}`
        : `How far each service is degraded, in all of its instances.${prometheus.problem ? ` Signals of the fleet: ${prometheus.problem}.` : ''}`;
    }
  } catch {
    // The line at the top says that nothing arrives.
  } finally {
    setTimeout(showDegradation, 1000);
  }
}

function cells(...nodes) {
  const tr = document.createElement('tr');
  tr.append(...nodes);
  return tr;
}

function release(service) {
  const stage = element('td', service.stage, 'level');
  stage.dataset.level = { 'rolled-back': 'broken', analysing: 'alert' }[service.stage] ?? 'normal';
  return cells(
    element('td', service.service),
    stage,
    element('td', share.format(service.canaryShare), 'number'),
    element('td', service.verdict ?? ''),
    element('td', service.reason ?? '', 'sentence'));
}

function decision(entry) {
  return cells(
    element('td', clock.format(new Date(entry.at))),
    element('td', entry.service),
    element('td', entry.action),
    element('td', share.format(entry.share), 'number'),
    element('td', entry.by),
    element('td', entry.reason, 'sentence'));
}

async function showReleases() {
  try {
    const answer = await fetch('/api/releases');
    byId('releases-section').hidden = answer.status === 404;
    if (answer.ok) {
      const { services, decisions, problem } = await answer.json();
      byId('releases').replaceChildren(...services.map(release));
      byId('decisions').replaceChildren(...decisions.slice(0, 10).map(decision));
      byId('releases-hint').textContent = problem ? `May be out of date: ${problem}` : 'Canaries, what the gate compares, and what was decided.';
    }
  } catch {
    // The line at the top says that nothing arrives.
  } finally {
    setTimeout(showReleases, 1000);
  }
}

let healing;

function ticket(one) {
  const status = element('td', one.status, 'level');
  status.dataset.level = { escalated: 'broken', resolved: 'normal' }[one.status] ?? 'alert';
  return cells(
    element('td', whole.format(one.number), 'number'),
    element('td', one.priority),
    element('td', one.issue ? `${one.summary} (${one.issue})` : one.summary),
    status,
    element('td', clock.format(new Date(one.changedAt))),
    element('td', one.lastComment ?? '', 'sentence'));
}

async function showTickets() {
  try {
    healing ||= await fetch('/api/healing').then(answer => answer.ok ? answer.json() : undefined);
    const answer = await fetch('/api/tickets?most=10');
    if (answer.ok) {
      const tickets = await answer.json();
      byId('tickets').replaceChildren(...tickets.map(ticket));
      byId('tickets-hint').textContent = tickets.length
        ? `What was given up, in any service: one ticket for each dead letter, newest first. ${healing?.description ?? ''}`
        : `Nothing was given up, in any service. ${healing?.description ?? ''}`;
    }
  } catch {
    // The line at the top says that nothing arrives.
  } finally {
    setTimeout(showTickets, 1000);
  }
}

function showState() {
  const age = performance.now() - arrivedAt;
  if (!summary) say('waiting', 'Waiting for the first numbers');
  else if (age > staleAfterMs) say('stale', `Not connected: numbers of ${clock.format(new Date(summary.asOf))}`);
  else if (summary.consumer.problem) say('away', `No events arrive: ${summary.consumer.problem}`);
  else say('live', 'Live');
}

function say(state, text) {
  const status = byId('state');
  // A screen reader speaks a status whenever its text is set, so it is set only when it changes.
  if (status.textContent !== text) status.textContent = text;
  status.dataset.state = state;
}

function connect() {
  const stream = new EventSource('/api/summary/stream');
  stream.onmessage = message => {
    summary = JSON.parse(message.data);
    arrivedAt = performance.now();
    show();
    showState();
  };
  stream.onerror = () => {
    // A browser gives up for good after an answer that is no stream, such as 503; then it is up to us.
    if (stream.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  };
}

connect();
showDegradation();
showReleases();
showTickets();
setInterval(showState, 500);
