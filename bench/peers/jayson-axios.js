/** jayson and axios, with axios as it comes. */

import axios from 'axios';
import { serve } from './jayson-server.js';
import { AUTHORIZATION, SINK } from './koa-server.js';

serve((contact) => axios.post(SINK, contact, { headers: { authorization: AUTHORIZATION } }));
