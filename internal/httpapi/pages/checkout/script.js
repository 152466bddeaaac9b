// The page works without this script. With it numbers are grouped, the card's
// brand is marked, installments appear while the number is typed, mistakes are
// told before anything is sent, and forms that lead on submit themselves.
(() => {
  'use strict';
  const $ = (id) => document.getElementById(id);
  document.documentElement.classList.add('live');

  // A page that comes out of the browser's memory is as it was: it loads anew. What is
  // noted in the history tells the new one that the shopper came back.
  addEventListener('pageshow', (e) => {
    if (!e.persisted) return;
    document.body.inert = true;
    history.replaceState('back', '');
    location.reload();
  });

  // A form that leads on submits itself, except to someone who came back.
  const away = document.querySelector('form[data-auto]');
  if (away) {
    const visit = performance.getEntriesByType('navigation')[0];
    if (history.state !== 'back' && (!visit || visit.type !== 'back_forward')) {
      // Not away.submit: a bank may have a field of that name.
      setTimeout(() => HTMLFormElement.prototype.submit.call(away), Number(away.dataset.auto));
    }
  }

  const form = $('pay');
  if (!form) return;
  const pan = $('pan'), plans = $('plans'), submit = $('submit'), total = $('total');
  const saved = () => { // the saved card that is chosen, or null
    const card = form.querySelector('[name=storedCard]:checked');
    return card && card.value ? card : null;
  };
  // Digits of any script as 0 to 9: those of a script stand together, in tens.
  const isDigit = (code) => code >= 0 && /\p{Nd}/u.test(String.fromCodePoint(code));
  const digit = (char) => {
    const code = char.codePointAt(0);
    let above = 0;
    while (isDigit(code - above - 1)) above++;
    return String(above % 10);
  };
  const digitsIn = (text) => Array.from(text.matchAll(/\p{Nd}/gu), ([char]) => digit(char)).join('');
  const digitsOf = (input) => digitsIn(input.value);
  // A field of a few digits, as the server reads it.
  const plain = (text) => text.replace(/[\s\p{Pd}\p{Cf}\p{Cc}]/gu, '').replace(/\p{Nd}/gu, digit);

  const brands = [
    ['amex', /^3[47]/], ['visa', /^4/], ['troy', /^(9792|65)/],
    ['mastercard', /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/],
  ];
  const brandOf = (digits) => (brands.find(([, form]) => form.test(digits)) || [''])[0];

  const group = () => {
    const caret = digitsIn(pan.value.slice(0, pan.selectionStart)).length;
    const digits = digitsOf(pan).slice(0, 19);
    const gaps = brandOf(digits) === 'amex' ? [4, 10] : [4, 8, 12, 16];
    let text = '', at = 0;
    for (let i = 0; i < digits.length; i++) {
      if (gaps.includes(i)) text += ' ';
      text += digits[i];
      if (i + 1 === caret) at = text.length;
    }
    if (pan.value !== text) {
      pan.value = text;
      pan.setSelectionRange(at, at);
    }
  };

  const mark = () => {
    const brand = brandOf(digitsOf(pan)), box = $('brands');
    box.classList.toggle('known', brand !== '');
    for (const svg of box.children) svg.classList.toggle('on', svg.dataset.brand === brand);
  };

  const price = () => {
    const chosen = form.querySelector('[name=installmentCount]:checked');
    if (chosen) total.textContent = chosen.dataset.total;
    submit.textContent = submit.dataset.pay.replace('{amount}', total.textContent);
  };

  // Installments of the card whose first digits are typed. While they are looked up,
  // what the button says may be another card's: pressed keeps what it said when it was
  // pressed meanwhile, or is null.
  let asked = '', running = null, pressed = null;
  const show = (options, note) => {
    const list = $('options'), before = form.querySelector('[name=installmentCount]:checked');
    while (list.children.length > 1) list.lastElementChild.remove();
    for (const o of options) {
      const row = $('option').content.firstElementChild.cloneNode(true), radio = row.querySelector('input');
      radio.value = o.count;
      radio.dataset.total = o.total;
      row.querySelector('[name=expectedTotal]').value = o.agreed; // what row and button say
      row.querySelector('.plan bdi').textContent = o.count + ' × ' + o.each;
      row.querySelector('.sum bdi').textContent = o.total;
      list.append(row);
    }
    const again = before && list.querySelector('[value="' + before.value + '"]');
    (again || list.querySelector('input')).checked = true;
    $('offer').textContent = note;
    price();
  };
  // What was pressed meanwhile goes on if it still says what it said; else it is for the
  // shopper to look and to press again.
  const looked = (options, note) => {
    running = null;
    show(options, note);
    if (pressed === null) return;
    const said = pressed;
    pressed = null;
    submit.removeAttribute('aria-disabled');
    if (said === submit.textContent) form.requestSubmit(submit);
  };
  const look = () => {
    if (!plans) return;
    const digits = digitsOf(pan), bin = digits.length < 6 ? '' : digits.slice(0, digits.length < 8 ? 6 : 8);
    const card = saved(), about = card ? card.value : bin;
    if (about === asked) return;
    asked = about;
    if (running) running.abort();
    if (!about) return looked([], plans.dataset.hint);
    const mine = running = new AbortController();
    setTimeout(() => mine.abort(), 15000); // a single payment is possible without an answer
    const body = new URLSearchParams(card
      ? {storedCard: about, version: form.elements.version.value, token: form.elements.token.value} : {bin});
    fetch(plans.dataset.offers, {method: 'POST', body, signal: mine.signal})
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
      .then(({options}) => { if (running === mine) looked(options, options.length ? plans.dataset.found : plans.dataset.none); })
      .catch(() => {
        if (running !== mine) return; // another look-up has begun
        asked = '';
        looked([], plans.dataset.hint);
      });
  };

  // Mistakes, by the same rules as the server's.
  const luhn = (digits) => {
    let sum = 0;
    for (let i = 0; i < digits.length; i++) {
      let d = Number(digits[digits.length - 1 - i]);
      if (i % 2 && (d *= 2) > 9) d -= 9;
      sum += d;
    }
    return sum % 10 === 0;
  };
  const expired = () => {
    const end = new Date(2000 + Number(plain($('expiryYear').value).slice(-2)), Number(plain($('expiryMonth').value)), 1);
    return end <= new Date();
  };
  // The character that a name may not have, or undefined.
  const noName = (v) => (v.match(/[|\\<>"%;()=!]/) || v.trim().match(/^[-+@]/) || [])[0];
  const good = {
    cardHolderName: (v) => v.trim().length > 1 && !noName(v) && digitsIn(v).length < 7,
    pan: () => digitsOf(pan).length > 11 && luhn(digitsOf(pan)),
    expiryMonth: (v) => /^(0?[1-9]|1[0-2])$/.test(plain(v)),
    expiryYear: (v) => /^(20)?\d\d$/.test(plain(v)),
    cvv: (v) => new RegExp('^\\d{' + (saved() ? saved().dataset.cvv : brandOf(digitsOf(pan)) === 'amex' ? 4 : 3) + '}$').test(plain(v)),
  };
  const asking = () => (saved() ? ['cvv'] : Object.keys(good)); // the fields that are needed
  const say = (input, text) => {
    $(input.id + '-error').textContent = text;
    if (text) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
    return text;
  };
  const complaint = (input) => {
    if (input.id !== 'cardHolderName') return input.dataset.error;
    const character = noName(input.value);
    if (character) return input.dataset.character.replace('{character}', () => character);
    return digitsIn(input.value).length > 6 ? input.dataset.digits : input.dataset.error;
  };
  const check = (input) => {
    if (!good[input.id](input.value)) return say(input, complaint(input));
    if (input.id === 'expiryYear' && good.expiryMonth($('expiryMonth').value) && expired()) return say(input, input.dataset.expired);
    return say(input, '');
  };

  let sent = false;
  form.addEventListener('submit', (e) => {
    if (sent) return e.preventDefault(); // a double click pays once
    if (running) {
      e.preventDefault();
      pressed = submit.textContent;
      submit.setAttribute('aria-disabled', 'true');
      return;
    }
    const wrong = asking().map($).map((input) => [input, check(input)]).filter(([, text]) => text);
    const box = $('errors');
    box.hidden = wrong.length === 0;
    box.querySelector('ul').replaceChildren(...wrong.map(([input, text]) => {
      const item = document.createElement('li'), link = document.createElement('a');
      link.href = '#' + input.id;
      link.textContent = text;
      item.append(link);
      return item;
    }));
    if (wrong.length) {
      e.preventDefault();
      box.focus();
      return;
    }
    sent = true;
    submit.setAttribute('aria-disabled', 'true');
  });
  addEventListener('pageshow', (e) => {
    if (e.persisted) { // the browser went back to a page that it kept
      sent = false;
      submit.removeAttribute('aria-disabled');
    }
  });
  pan.addEventListener('input', () => { group(); mark(); look(); });
  form.addEventListener('change', (e) => { if (e.target.name === 'storedCard') look(); price(); });
  for (const id of Object.keys(good)) {
    $(id).addEventListener('input', (e) => { if (e.target.getAttribute('aria-invalid')) check(e.target); });
  }
  const first = form.querySelector('[name=storedCard][checked]');
  if (first) asked = first.value; // its installments came with the page
  if (pan.value) { group(); mark(); }
  if (pan.value || saved()) look();
  price();
})();
