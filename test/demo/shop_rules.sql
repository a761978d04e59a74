-- The shop's teams, and which ticket goes to whom. The first rule whose tests all
-- hold decides; where neither it nor the queue names a tier, the facts give one. What the model is less than half sure of, and what it does not know
-- at all, no rule takes: people read it in the default queue.
INSERT INTO triage.queue (name, description, tier, is_default) VALUES
    ('reception',     'People who read what nobody else is sure about', 'assisted', true),
    ('orders',        'Where is it, change it, stop it',                NULL      , false),
    ('returns',       'Broken, wrong, unwanted',                        NULL      , false),
    ('billing',       'Money',                                          'senior',   false),
    ('subscriptions', 'The monthly box',                                NULL      , false),
    ('tea advice',    'What to drink, and how',                         NULL      , false),
    ('technical',     'The shop, the app, accounts',                    NULL      , false);

INSERT INTO triage.routing_rule
    (position, name, intent, min_confidence, channel, segment, queue, tier, priority, escalate_reason) VALUES
    (10, 'money of a business customer', 'payment_problem',     NULL, NULL, 'business', 'billing', 'priority', 90,
         'A business customer has trouble with a payment'),
    (20, 'broken, and said in public',   'damaged_item',        NULL, 'social', NULL, 'returns', 'priority', 85,
         'A broken delivery is shown in public'),
    (40, 'order status',                 'order_status',        0.5,  NULL, NULL, 'orders',        NULL, 40, NULL),
    (41, 'missing item',                 'missing_item',        0.5,  NULL, NULL, 'orders',        NULL, 60, NULL),
    (42, 'cancel an order',              'cancel_order',        0.5,  NULL, NULL, 'orders',        NULL, 70, NULL),
    (43, 'change of address',            'change_address',      0.5,  NULL, NULL, 'orders',        NULL, 70, NULL),
    (50, 'return',                       'return_item',         0.5,  NULL, NULL, 'returns',       NULL, 40, NULL),
    (51, 'damaged',                      'damaged_item',        0.5,  NULL, NULL, 'returns',       NULL, 60, NULL),
    (60, 'refund',                       'refund_request',      0.5,  NULL, NULL, 'billing',       NULL, 60, NULL),
    (61, 'payment',                      'payment_problem',     0.5,  NULL, NULL, 'billing',       NULL, 70, NULL),
    (70, 'pause the box',                'subscription_pause',  0.5,  NULL, NULL, 'subscriptions', NULL, 40, NULL),
    (71, 'end the box',                  'subscription_cancel', 0.5,  NULL, NULL, 'subscriptions', 'senior', 60, NULL),
    (80, 'question on a product',        'product_question',    0.5,  NULL, NULL, 'tea advice',    NULL, 30, NULL),
    (90, 'locked out',                   'account_access',      0.5,  NULL, NULL, 'technical',     NULL, 60, NULL),
    (91, 'shop or app is broken',        'technical_problem',   0.5,  NULL, NULL, 'technical',     NULL, 50, NULL);
