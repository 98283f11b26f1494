/** A window on a long list of rows of one height: only what can be seen is drawn. */

import { computed, onBeforeUnmount, onMounted, ref, type Ref } from 'vue';

const BEYOND = 4;

export function useRows(box: Ref<HTMLElement | null>, count: () => number, height: () => number) {
  const top = ref(0);
  const visible = ref(800);
  let frame = 0;
  const measure = () => {
    frame = 0;
    if (!box.value) return;
    top.value = box.value.scrollTop;
    visible.value = box.value.clientHeight;
  };
  const onScroll = () => {
    frame ||= requestAnimationFrame(measure);
  };
  const observer = new ResizeObserver(measure);
  onMounted(() => {
    if (!box.value) return;
    box.value.addEventListener('scroll', onScroll, { passive: true });
    observer.observe(box.value);
    measure();
  });
  onBeforeUnmount(() => observer.disconnect());

  const first = computed(() => Math.max(0, Math.min(Math.floor(top.value / height()) - BEYOND, count() - 1)));
  const last = computed(() => Math.min(count(), Math.ceil((top.value + visible.value) / height()) + BEYOND));

  function reveal(index: number): void {
    const element = box.value;
    if (!element || index < 0) return;
    const y = index * height();
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + height() > element.scrollTop + element.clientHeight) element.scrollTop = y + height() - element.clientHeight;
  }
  return { first, last, reveal };
}
