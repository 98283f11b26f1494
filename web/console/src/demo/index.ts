/** In one piece: it is loaded on a demo only, and the fewer pieces there are, the less the others are cut up for them. */
export { default as DemoMark } from './DemoMark.vue';
export { default as DemoPeople } from './DemoPeople.vue';
