/**
 * Python program that drives a Jupyter kernel: requests come as lines of JSON on its standard input, answers go back as
 * lines on its standard output. The kernel ends with its input. It talks to the kernel over sockets in a folder, because
 * several devboxes share the host's ports.
 */
export const kernelBridge = String.raw`
import json, os, queue, sys, time
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
try:
    import ipykernel
    from jupyter_client import KernelManager
except ImportError as error:
    answers.write(json.dumps({'missing': str(error)}) + '\n')
    answers.flush()
    sys.exit(0)
manager = KernelManager(kernel_name='python3', transport='ipc')
manager.start_kernel()
client = manager.blocking_client()
client.start_channels()
client.wait_for_ready(timeout=60)
def answer(**fields):
    answers.write(json.dumps(fields) + '\n')
    answers.flush()
def run(code, timeout):
    end = None if timeout is None else time.monotonic() + timeout
    texts, images, late = [], [], False
    cell = client.execute(code, allow_stdin=False)
    while True:
        try:
            wait = 1 if end is None else max(0, min(1, end - time.monotonic()))
            message = client.get_iopub_msg(timeout=wait)
        except queue.Empty:
            if not manager.is_alive():
                raise RuntimeError('The kernel died.')
            if end is not None and time.monotonic() >= end:
                if late:
                    manager.restart_kernel(now=True)
                    client.wait_for_ready(timeout=60)
                    return texts, images, True
                late, end = True, time.monotonic() + 5
                manager.interrupt_kernel()
            continue
        if message['parent_header'].get('msg_id') != cell:
            continue
        kind, content = message['msg_type'], message['content']
        if kind == 'status' and content['execution_state'] == 'idle':
            return texts, images, late
        if late:
            continue
        if kind == 'stream':
            texts.append(content['text'])
        elif kind in ('execute_result', 'display_data'):
            data = content['data']
            texts.append(data.get('text/plain', ''))
            if 'image/png' in data:
                images.append(data['image/png'].replace('\n', ''))
        elif kind == 'error':
            texts.append('\n'.join(content['traceback']))
answer(interpreter=sys.executable)
for line in sys.stdin:
    request = json.loads(line)
    try:
        texts, images, late = run(request['code'], request.get('timeout'))
        answer(text=''.join(texts), images=images, timedOut=late)
    except Exception as error:
        answer(failed=str(error) or type(error).__name__)
        if not manager.is_alive():
            break
client.stop_channels()
manager.shutdown_kernel(now=True)
manager.cleanup_resources()
`;
