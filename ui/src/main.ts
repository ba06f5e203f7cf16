// The explorer's first line: styles, theme, and the frame put into the page.
import { mount } from 'svelte';
import App from './shell/app.svelte';
import './style/tokens.css';
import './style/base.css';

const target = document.getElementById('app');
if (target !== null) mount(App, { target });
